"""Far side of a benchmark: a package's own ASE calculator over frames, one by one.

Sent by execnet into an interpreter that has the package; nothing of the suite is needed there but
the reader of ANI files.
"""

from __future__ import annotations

import os

os.environ["TORCHANI_NO_WARN_EXTENSIONS"] = "1"


def _mace(path, species):
    from mace.calculators import MACECalculator

    return MACECalculator(model_paths=path, device="cpu", default_dtype="float64")


def _nequip(path, species):
    from nequip.integrations.ase import NequIPCalculator

    load = NequIPCalculator._from_saved_model
    return load(path, device="cpu", chemical_species_to_atom_type_map=True)


def _ani(path, species):
    from pathlib import Path

    from ms25_suite.architectures.ani.file import read_network

    return read_network(Path(path)).double().ase()


def _mtp(path, species):
    from motep.calculator import MTP
    from motep.io.mlip.mtp import read_mtp

    data = read_mtp(path)
    data.species = species

    class Fresh:
        """Motep's calculator keeps the neighbours of the first frame: a new one for each."""

        def calculate(self, atoms, properties):
            made = MTP(data)
            made.calculate(atoms, properties)
            self.results = made.results

    return Fresh()


LOADERS = {"mace": _mace, "nequip": _nequip, "allegro": _nequip, "ani": _ani, "mtp": _mtp}


def _serve(channel):
    import warnings

    warnings.filterwarnings("ignore")
    architecture, path, species, frames = channel.receive()
    import numpy as np
    import torch
    from ase import Atoms

    torch.set_num_threads(1)
    images = [Atoms(numbers=z, positions=x, cell=c, pbc=True) for z, x, c in frames]
    calculator = LOADERS[architecture](path, species)
    properties = ["energy", "forces", "stress"]
    channel.send("ready")
    for _ in channel:
        energy, forces, stress = [], [], []
        for atoms in images:
            calculator.calculate(atoms, properties)
            energy.append(float(calculator.results["energy"]))
            forces.append(calculator.results["forces"])
            stress.append(calculator.results["stress"])
        parts = (np.array(energy), np.concatenate(forces), np.array(stress))
        channel.send([np.ascontiguousarray(part, dtype=float).tobytes() for part in parts])


if __name__ == "__channelexec__":
    _serve(channel)  # noqa: F821
