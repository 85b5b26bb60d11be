"""Both ways of finding neighbours against ASE's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.geometry import complete_cell
from ase.neighborlist import neighbor_list

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.potentials import neighbours as module
from ms25_suite.potentials.neighbours import neighbours
from tests.helpers.edges import ordered

STRUCTURES = standard_frames(("Ni", "Cu"))


@pytest.mark.parametrize("cutoff", [3.1, 5.0, 9.3])
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("search", [module.neighbours_by_vesin, module.neighbours_by_tree])
def test_pairs_are_those_of_ase(search: Callable[..., object], name: str, cutoff: float) -> None:
    atoms = STRUCTURES[name]
    # Also atoms far outside of their cell.
    moved = atoms.copy()
    moved.positions += np.outer(np.arange(len(atoms)) % 3 - 1, moved.pbc @ moved.cell.array)
    i, j, vectors = search(
        moved.positions, complete_cell(moved.cell.array), moved.pbc.copy(), cutoff
    )
    expected = neighbor_list("ijD", moved, cutoff)
    assert i.dtype == j.dtype == np.int64
    np.testing.assert_allclose(ordered(i, j, vectors), ordered(*expected), atol=1e-8)


def test_atoms_at_the_same_place_are_neighbours() -> None:
    atoms = Atoms("Ni2", positions=[[1, 1, 1], [1, 1, 1]], cell=[3, 3, 3], pbc=True)
    for search in (module.neighbours_by_vesin, module.neighbours_by_tree):
        i, j, vectors = search(atoms.positions, atoms.cell.array, atoms.pbc, 2.0)
        assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 1), (1, 0)]
        np.testing.assert_array_equal(vectors, 0.0)


@pytest.mark.parametrize(
    ("repeat", "used"),
    [(3, "neighbours_by_tree"), (2, "neighbours_by_vesin"), (5, "neighbours_by_vesin")],
)
def test_the_tree_is_for_many_atoms_in_a_small_cell(
    repeat: int, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    for name in ("neighbours_by_tree", "neighbours_by_vesin"):
        monkeypatch.setattr(module, name, lambda *_, name=name, **__: called.append(name))
    atoms = bulk("Cu", cubic=True).repeat(repeat)
    neighbours(atoms.positions, atoms.cell.array, atoms.pbc, 5.5)
    assert called == [used]


def test_a_vector_without_periodicity_may_lie_in_the_plane_of_the_others() -> None:
    atoms = fcc111("Cu", (2, 2, 2), vacuum=5.0)
    cell, pbc = np.array(atoms.cell), np.array([True, True, False])
    expected = module.neighbours(atoms.positions, cell, pbc, 4.0)
    cell[2] = cell[0] + cell[1]
    found = module.neighbours(atoms.positions, cell, pbc, 4.0)
    lengths = [np.sort(np.linalg.norm(one[2], axis=1)) for one in (expected, found)]
    assert len(lengths[0]) > 0
    np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-12)
