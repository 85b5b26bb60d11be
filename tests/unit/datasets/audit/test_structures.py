from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit import structures as structure_audit
from ms25_suite.datasets.audit.structures import NEAR, neighbour_distances


def exact(atoms: Atoms) -> float:
    distances = atoms.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(axis=1).max())


def dimers(*lengths: float) -> Frames:
    return Frames.from_atoms(
        Atoms("Cu2", positions=[[0.0, 0.0, 0.0], [0.0, 0.0, length]]) for length in lengths
    )


def test_an_atom_that_leaves_is_seen_in_its_frame_only() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=15.0, periodic=True)
    images = []
    for index in range(12):
        atoms = slab.copy()
        atoms.rattle(0.05, seed=index)
        images.append(atoms)
    images[7].positions[-1, 2] += 5.0
    distances = neighbour_distances(Frames.from_atoms(images))
    # Its own images, 5.1 Å away, are no neighbours.
    assert distances[7] == pytest.approx(exact(images[7]), abs=1e-9)
    assert distances[7] > 5.5
    assert np.delete(distances, 7).max() < NEAR


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, False, False)])
def test_distances_are_bounds_that_are_exact_where_it_matters(pbc: tuple[bool, ...]) -> None:
    rng = np.random.default_rng(1)
    images = [
        Atoms("Ar5", rng.uniform(0.0, 11.0, (5, 3)), cell=[11.0, 12.0, 40.0], pbc=pbc)
        for _ in range(20)
    ]
    for found, atoms in zip(neighbour_distances(Frames.from_atoms(images)), images, strict=True):
        expected = exact(atoms)
        if expected > 10.0:
            assert np.isinf(found)
        elif expected > NEAR:
            assert found == pytest.approx(expected, abs=1e-9)
        else:
            assert expected - 1e-9 <= found <= NEAR


def test_neighbours_may_change_on_the_way() -> None:
    """Atoms of other frames in another order: the neighbours of the first frame say nothing."""
    rng = np.random.default_rng(2)
    images = []
    for _ in range(6):
        atoms = bulk("Cu", cubic=True) * (3, 3, 3)
        images.append(atoms[rng.permutation(len(atoms))])
    assert neighbour_distances(Frames.from_atoms(images)).max() < NEAR


def test_one_atom_alone() -> None:
    distances = neighbour_distances(Frames.from_atoms([Atoms("He"), bulk("Cu"), bulk("Cu", a=9.0)]))
    assert distances[0] == 0.0
    # Its own images are neighbours.
    np.testing.assert_allclose(distances[1:], [3.6147 / np.sqrt(2), 9.0 / np.sqrt(2)], atol=0.01)


def test_nobody_near() -> None:
    np.testing.assert_allclose(neighbour_distances(dimers(2.0, 5.0, 50.0)), [2.0, 5.0, np.inf])


def test_many_frames_are_looked_at_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = dimers(*np.linspace(1.0, 9.0, 40))
    monkeypatch.setattr(structure_audit, "_CHUNK", 6)
    np.testing.assert_allclose(neighbour_distances(frames), np.linspace(1.0, 9.0, 40))
