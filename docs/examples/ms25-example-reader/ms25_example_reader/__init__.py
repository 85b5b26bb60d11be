"""A reader of frames in JSON Lines: one JSON object for each frame, in atomic units."""

import json

import numpy as np
from ase import Atoms
from ase.units import Bohr, Hartree

from ms25_suite.datasets.readers.registry import Reader


class JsonLinesReader(Reader):
    """Reads ``.jsonl`` files of some other program."""

    suffixes = (".jsonl",)

    def read(self, path):
        """Frames with labels in eV, eV/Å and eV/Å^3."""
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                atoms = Atoms(
                    entry["symbols"],
                    positions=np.array(entry["positions_bohr"]) * Bohr,
                    cell=np.array(entry["cell_bohr"]) * Bohr,
                    pbc=True,
                )
                atoms.info["REF_energy"] = entry["energy_hartree"] * Hartree
                atoms.arrays["REF_forces"] = -np.array(entry["gradient"]) * Hartree / Bohr
                atoms.info["REF_stress"] = np.array(entry["stress"]) * Hartree / Bohr**3
                yield atoms
