from __future__ import annotations

import numpy as np
from ase import Atoms

from ms25_suite.datasets.published.copies import first_copies
from tests.helpers.published_samples import hea


def test_copies_are_found_by_energy_and_place() -> None:
    atoms = hea()
    rounded = atoms.copy()
    rounded.positions = np.round(atoms.positions + 4e-6, 5)
    wrapped = rounded.copy()
    wrapped.positions[3] += atoms.cell[0]
    moved = atoms.copy()
    moved.positions[0, 0] += 1e-3
    other = atoms.copy()
    other.numbers = atoms.numbers[::-1]
    strained = atoms.copy()
    strained.cell[0, 0] += 1e-3
    images = [moved, atoms, other, rounded, strained, wrapped, atoms]
    energies = [1.0, 1.0, 1.0, 1.0 + 1e-6, 1.0, 1.0 - 1e-6, 2.0]
    assert first_copies(energies, images.__getitem__) == [0, 1, 2, 1, 4, 1, 6]


def test_one_energy_for_all_takes_no_hours() -> None:
    calls = []

    def get(index: int) -> Atoms:
        calls.append(index)
        return Atoms("Cu", [[index * 0.01, 0, 0]])

    assert first_copies([0.0] * 300, get) == list(range(300))
    assert len(calls) <= 300 * 40
