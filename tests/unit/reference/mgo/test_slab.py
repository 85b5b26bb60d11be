"""The geometry of MgO slabs."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.mgo.interactions import LATTICE_CONSTANT_A
from ms25_suite.reference.mgo.slab import VACUUM_A, held_atoms, slab


@pytest.mark.parametrize("primitive", [False, True])
@pytest.mark.parametrize("repeat", [1, 2, 4])
def test_slab_is_cut_from_the_bulk(repeat: int, primitive: bool) -> None:
    atoms = slab(repeat, primitive=primitive)
    assert len(atoms) == (8 if primitive else 16) * repeat**2
    width = LATTICE_CONSTANT_A / np.sqrt(1 + primitive)
    np.testing.assert_allclose(atoms.cell.lengths()[:2], repeat * width)
    assert atoms.get_chemical_formula(empirical=True) == "MgO"
    both = atoms * (3, 3, 1)
    unlike = both.get_distances(0, both.numbers == 8, mic=True).min()
    like = np.sort(both.get_distances(0, both.numbers == 12, mic=True))[1]
    assert unlike == pytest.approx(LATTICE_CONSTANT_A / 2)
    assert like == pytest.approx(LATTICE_CONSTANT_A / np.sqrt(2))
    layers = atoms.positions[:, 2].reshape(4, -1)
    # Each ion is above one of the other kind: the crystal, and not a stack of equal layers.
    for lower, upper in zip(range(3), range(1, 4), strict=True):
        here, above = (atoms[list(part)] for part in _layers(atoms, lower, upper))
        for place, number in zip(above.positions[:, :2], above.numbers, strict=True):
            below = np.abs(here.positions[:, :2] - place).max(axis=1) < 1e-9
            assert here.numbers[below].tolist() == [20 - number]
    assert np.ptp(layers, axis=1).max() < 1e-12
    assert (np.diff(layers[:, 0]) > 2.0).all()
    assert atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2]) == pytest.approx(VACUUM_A)


def _layers(atoms: Atoms, *numbers: int) -> list[range]:
    size = len(atoms) // 4
    return [range(number * size, (number + 1) * size) for number in numbers]


def test_the_slab_of_whole_faces_is_the_primitive_one_twice() -> None:
    """2 x 2 whole faces, and 2 x 2 primitive cells side by side, turned by 45 degrees."""
    small, large = slab(2, primitive=True), slab(2)
    np.testing.assert_allclose(large.get_volume(), 2 * small.get_volume())
    distances = [
        np.sort(neighbor_list("d", atoms, 8.0))[:: len(atoms) // 32] for atoms in (small, large)
    ]
    np.testing.assert_allclose(*distances, atol=1e-9)


def test_the_two_lowest_layers_are_held() -> None:
    atoms = slab(2)
    heights = np.unique(atoms.positions[:, 2].round(6))
    held = atoms.positions[list(held_atoms(len(atoms))), 2]
    assert set(held.round(6)) == set(heights[:2])
    assert len(held) == len(atoms) // 2


def test_no_slab_without_cells() -> None:
    with pytest.raises(UsageError, match="`repeat`"):
        slab(0)
