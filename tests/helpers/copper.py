"""A dataset of copper that all criteria can be asked on, labelled by a pair potential."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import write
from ase.mep import NEB, NEBTools
from ase.optimize import BFGS, FIRE

from tests.helpers.emt_data import save
from tests.helpers.morse import Morse

A = 3.6

CARD = """
[extensivity]
partner = "large.extxyz"
[transfer]
to = ["bcc.extxyz"]
[eos]
files = ["curve.extxyz"]
observable = "lattice_constant"
atoms_per_cell = 4
[neb]
path = "path.extxyz"
barrier = {barrier}
"""


def rattled(cell: Atoms, seed: int, **info: float) -> Atoms:
    atoms = cell.copy()
    atoms.rattle(0.03, seed=seed)
    return labelled(atoms, **info)


def labelled(atoms: Atoms, **info: Any) -> Atoms:
    found = atoms.copy()
    found.calc = Morse()
    atoms = atoms.copy()
    atoms.info = {"REF_energy": found.get_potential_energy(), **info}
    atoms.arrays["REF_forces"] = found.get_forces()
    return atoms


def vacancy_hop() -> tuple[list[Atoms], float]:
    """A copper atom that hops into the vacancy beside it, and the barrier."""
    crystal = bulk("Cu", "fcc", a=A, cubic=True) * (2, 2, 2)
    hops = int(np.linalg.norm(crystal.positions - [0, A / 2, A / 2], axis=1).argmin())
    rest = [index for index in range(1, 32) if index != hops]
    first = crystal[[*rest, hops]]
    last = first.copy()
    last.positions[-1] = 0.0
    images = [first, *(first.copy() for _ in range(3)), last]
    for atoms in images:
        atoms.calc = Morse()
    for atoms in (first, last):
        BFGS(atoms, logfile=None).run(fmax=0.01)
    band = NEB(images, k=0.1, climb=True, method="improvedtangent")
    band.interpolate(mic=True)
    FIRE(band, logfile=None).run(fmax=0.02, steps=60)
    barrier = float(NEBTools(images).get_barrier(fit=True)[0])
    return [labelled(atoms) for atoms in images], barrier


def make_copper(folder: Path) -> Path:
    """Write the dataset and its partners; returns the card."""
    path, barrier = vacancy_hop()
    write(folder / "path.extxyz", path)
    cell = bulk("Cu", "fcc", a=A, cubic=True)
    bcc = bulk("Cu", "bcc", a=A / 2 ** (1 / 3), cubic=True) * (2, 1, 1)
    curve = []
    for factor in np.linspace(0.96, 1.04, 7):
        strained = cell.copy()
        strained.set_cell(factor * cell.cell.array, scale_atoms=True)
        curve.append(labelled(strained, curve="Cu"))
    write(folder / "curve.extxyz", curve)
    frames = [rattled(cell, seed, temperature_K=1500.0) for seed in range(12)]
    save(folder, "fcc", frames, CARD.format(barrier=barrier))
    save(folder, "large", [rattled(cell * (2, 1, 1), seed) for seed in range(12)])
    save(folder, "bcc", [rattled(bcc, seed) for seed in range(12)])
    return folder / "fcc.toml"
