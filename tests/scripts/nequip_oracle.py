"""Energies, forces and stresses of frames by nequip's own calculator, for several models.

Run in the environment of nequip: ``nequip_oracle.py FRAMES MODEL=OUT.npz…``.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from ase.io import read
from nequip.integrations.ase import NequIPCalculator


def main() -> None:
    warnings.filterwarnings("ignore")
    images = read(sys.argv[1], ":")
    for argument in sys.argv[2:]:
        model, out = argument.split("=")
        load = (
            NequIPCalculator.from_compiled_model
            if model.endswith(".pt2")
            else NequIPCalculator._from_saved_model
        )
        calculator = load(model, device="cpu", chemical_species_to_atom_type_map=True)
        energy, forces, stress = [], [], []
        for atoms in images:
            calculator.calculate(atoms)
            energy.append(float(calculator.results["energy"]))
            forces.append(calculator.results["forces"])
            found = calculator.results.get("stress")
            stress.append(np.full(6, np.nan) if found is None else found)
        np.savez(out, energy=energy, forces=np.concatenate(forces), stress=stress)


main()
