"""Write copper.jsonl, ten frames of copper as the other program would: python make_frames.py."""

import json
from pathlib import Path

from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import Bohr, Hartree

with Path("copper.jsonl").open("w", encoding="utf-8") as file:
    for seed in range(10):
        atoms = bulk("Cu", a=3.6 + 0.01 * seed, cubic=True)
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        entry = {
            "symbols": atoms.get_chemical_symbols(),
            "positions_bohr": (atoms.positions / Bohr).tolist(),
            "cell_bohr": (atoms.cell.array / Bohr).tolist(),
            "energy_hartree": atoms.get_potential_energy() / Hartree,
            "gradient": (-atoms.get_forces() / Hartree * Bohr).tolist(),
            "stress": (atoms.get_stress() / Hartree * Bohr**3).tolist(),
        }
        file.write(json.dumps(entry) + "\n")
