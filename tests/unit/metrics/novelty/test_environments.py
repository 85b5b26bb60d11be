from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.metrics.novelty.environments import (
    CUTOFF,
    MOST_NEIGHBOURS,
    chosen_atoms,
    environments,
)


def lists(atoms: Atoms, elements: tuple[int, ...]) -> np.ndarray:
    found = environments(Frames.from_atoms([atoms]), np.arange(len(atoms)), elements, pairs)
    return found.reshape(len(atoms), len(elements), MOST_NEIGHBOURS)


def test_a_neighbour_counts_by_how_far_it_is_inside_of_the_cutoff() -> None:
    water = molecule("H2O")  # O, H, H
    oh, hh = water.get_distance(0, 1), water.get_distance(1, 2)
    found = lists(water, (1, 8))
    assert found[0, 0, :3] == pytest.approx([CUTOFF - oh, CUTOFF - oh, 0.0], abs=1e-5)
    assert found[1, 0, :2] == pytest.approx([CUTOFF - hh, 0.0], abs=1e-5)
    assert found[1, 1, :2] == pytest.approx([CUTOFF - oh, 0.0], abs=1e-5)


def test_elements_of_the_neighbours_matter_and_periodic_images_count() -> None:
    salt = bulk("MgO", "rocksalt", a=4.2, cubic=True)
    found = lists(salt, (8, 12))
    magnesium = found[salt.numbers == 12]
    # 6 O at a/2, 8 at a√3/2, 24 at a√5/2; 12 Mg at a/√2, 6 at a.
    assert ((magnesium > 0).sum(axis=2) == [38, 18]).all()
    swapped = salt.copy()
    swapped.numbers[[0, 1]] = swapped.numbers[[1, 0]]
    assert np.abs(lists(swapped, (8, 12))[2:] - found[2:]).max() > 0.1


def test_an_atom_that_enters_the_cutoff_does_so_gradually() -> None:
    apart = [lists(Atoms("Cu2", [[0, 0, 0], [0, 0, r]]), (29,))[0, 0, 0] for r in (4.999, 5.001)]
    assert apart == pytest.approx([0.001, 0.0], abs=1e-5)


def test_the_same_atoms_are_chosen_of_each_element() -> None:
    frames = Frames.from_atoms([bulk("MgO", "rocksalt", a=4.2, cubic=True) * 3, molecule("CO2")])
    chosen = chosen_atoms(frames, 10)
    assert (chosen == chosen_atoms(frames, 10)).all()
    numbers, frame = frames.numbers[chosen], frames.frame_of_atom[chosen]
    assert [(numbers[frame == 0] == z).sum() for z in (8, 12)] == [5, 5]
    # All of a small frame.
    assert sorted(numbers[frame == 1]) == [6, 8, 8]
