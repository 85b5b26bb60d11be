"""The frames of the datasets: python -m ms25_example_dataset.make_frames FOLDER."""

import sys
from pathlib import Path

from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write


def calculator():
    """The calculator behind the labels."""
    return EMT()


def frames(repeat, n):
    """Rattled copper, with lattice constants from 3.60 to 3.68 Å."""
    for seed in range(n):
        atoms = bulk("Cu", a=3.6 + 0.02 * (seed % 5), cubic=True) * (repeat, 1, 1)
        atoms.rattle(0.05, seed=seed)
        labelled = atoms.copy()
        atoms.calc = calculator()
        labelled.info["REF_energy"] = atoms.get_potential_energy()
        labelled.arrays["REF_forces"] = atoms.get_forces()
        labelled.info["REF_stress"] = atoms.get_stress()
        yield labelled


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write(folder / "copper.extxyz", list(frames(1, 30)))
    write(folder / "copper-2x1x1.extxyz", list(frames(2, 10)))
