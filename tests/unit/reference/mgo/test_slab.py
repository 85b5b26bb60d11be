"""The geometry of MgO slabs."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.mgo.interactions import LATTICE_CONSTANT_A
from ms25_suite.reference.mgo.slab import VACUUM_A, held_atoms, slab


@pytest.mark.parametrize("repeat", [1, 2, 4])
def test_slab_is_cut_from_the_bulk(repeat: int) -> None:
    atoms = slab(repeat)
    assert len(atoms) == 8 * repeat**2
    assert atoms.get_chemical_formula(empirical=True) == "MgO"
    both = atoms * (3, 3, 1)
    unlike = both.get_distances(0, both.numbers == 8, mic=True).min()
    like = np.sort(both.get_distances(0, both.numbers == 12, mic=True))[1]
    assert unlike == pytest.approx(LATTICE_CONSTANT_A / 2)
    assert like == pytest.approx(LATTICE_CONSTANT_A / np.sqrt(2))
    layers = atoms.positions[:, 2].reshape(4, -1)
    assert np.ptp(layers, axis=1).max() < 1e-12
    assert (np.diff(layers[:, 0]) > 2.0).all()
    assert atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2]) == pytest.approx(VACUUM_A)


def test_the_two_lowest_layers_are_held() -> None:
    atoms = slab(2)
    heights = np.unique(atoms.positions[:, 2].round(6))
    held = atoms.positions[list(held_atoms(len(atoms))), 2]
    assert set(held.round(6)) == set(heights[:2])
    assert len(held) == len(atoms) // 2


def test_no_slab_without_cells() -> None:
    with pytest.raises(UsageError, match="`repeat`"):
        slab(0)
