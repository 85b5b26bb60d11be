from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule

from ms25_suite.core.frames import Frames
from ms25_suite.metrics.supercells import find_repeats, repeated


def frames(atoms: object) -> Frames:
    return Frames.from_atoms([atoms])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("wanted", "repeats"),
    [(1, (1, 1, 1)), (108, (1, 1, 1)), (500, (1, 2, 2)), (850, (2, 2, 2)), (8000, (4, 4, 4))],
)
def test_a_cube_is_repeated_to_a_cube(wanted: int, repeats: tuple[int, int, int]) -> None:
    cell = frames(bulk("Cu", cubic=True) * (3, 3, 3))
    assert find_repeats(cell, wanted) == repeats


def test_a_long_cell_becomes_a_cube() -> None:
    assert find_repeats(frames(bulk("Cu", cubic=True) * (1, 1, 4)), 250) == (4, 4, 1)


def test_a_slab_is_repeated_in_its_plane_only() -> None:
    slab = frames(fcc111("Pt", (2, 2, 3), vacuum=8.0))
    assert find_repeats(slab, 108) == (3, 3, 1)
    assert find_repeats(slab, 5 * 12)[2] == 1


def test_far_from_a_number_the_nearest_counts() -> None:
    """Of five atoms: 7 is nearer to 5 than to 10, and 8 is nearer to 10."""
    cell = bulk("Cu", cubic=True)
    cell = cell + cell[:1]
    assert find_repeats(frames(cell), 7) == (1, 1, 1)
    assert find_repeats(frames(cell), 8) == (1, 1, 2)


def test_what_is_not_periodic_is_not_repeated() -> None:
    assert find_repeats(frames(molecule("H2O", vacuum=5.0)), 500) == (1, 1, 1)


def test_a_million_atoms_are_found_at_once() -> None:
    repeats = find_repeats(frames(bulk("Cu", cubic=True)), 100_000)
    assert np.prod(repeats) * 4 == pytest.approx(100_000, rel=0.15)
    assert len(set(repeats)) == 1


def test_it_is_what_ase_makes() -> None:
    atoms = bulk("NaCl", "rocksalt", 5.6) * (1, 2, 1)
    atoms.rattle(0.1, seed=0)
    ours, theirs = repeated(frames(atoms), (2, 1, 3)), frames(atoms * (2, 1, 3))
    np.testing.assert_allclose(ours.positions, theirs.positions, atol=1e-12)
    np.testing.assert_allclose(ours.cells, theirs.cells)
    np.testing.assert_array_equal(ours.numbers, theirs.numbers)
    np.testing.assert_array_equal(ours.offsets, theirs.offsets)
