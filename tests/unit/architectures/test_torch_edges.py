"""Edges found on a device, with tensors on the CPU."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.batching.graphs import build_graph
from tests.helpers.edges import ordered

torch = pytest.importorskip("torch")

from ms25_suite.architectures import torch_cells, torch_edges  # noqa: E402
from ms25_suite.architectures.torch_edges import edges_on_device, is_for_device  # noqa: E402

STRUCTURES = standard_frames(("Ni", "Cu"))


def _check(images: list[Atoms], cutoff: float) -> None:
    frames = Frames.from_atoms(images)
    expected = build_graph(frames, cutoff)
    found = edges_on_device(frames, cutoff, torch.device("cpu"), pinned=False)
    i, j, vectors = (values.numpy() for values in found)
    assert len(i) == len(expected.senders)
    np.testing.assert_allclose(
        ordered(i, j, vectors),
        ordered(expected.senders, expected.receivers, expected.vectors),
        atol=1e-12,
    )
    # Frame after frame, and each edge followed by its reverse.
    assert (np.diff(frames.frame_of_atom[i]) >= 0).all()
    assert (i[::2] == j[1::2]).all()
    assert (j[::2] == i[1::2]).all()
    assert (vectors[::2] == -vectors[1::2]).all()


@pytest.mark.parametrize("cutoff", [2.6, 5.0, 9.0])
@pytest.mark.parametrize("name", STRUCTURES)
def test_edges_of_each_kind_of_frame(name: str, cutoff: float) -> None:
    _check([STRUCTURES[name]], cutoff)


@pytest.mark.parametrize("at_once", [1, 20_000, 2_097_152])
def test_edges_of_frames_side_by_side(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of other sizes and numbers of images, in any blocks."""
    monkeypatch.setattr(torch_edges, "_AT_ONCE", at_once)
    images = [*STRUCTURES.values(), molecule("CH3CH2OH"), Atoms("H"), bulk("Fe")]
    _check(images, 5.0)
    _check(images[::-1], 5.0)


def test_a_periodic_direction_without_room_beside_a_free_one() -> None:
    wire = Atoms("Cu2", [[0, 0, 0], [0, 30.0, 1.0]], cell=[2.5, 0, 0], pbc=(True, False, False))
    _check([wire], 6.0)


@pytest.mark.parametrize("seed", range(5))
def test_skewed_cells_with_atoms_far_outside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = []
    for n in (1, 3, 7):
        cell = np.eye(3) * 4.0 + rng.normal(0, 1.5, (3, 3))
        positions = rng.uniform(-30, 30, (n, 3))
        images.append(Atoms(f"Cu{n}", positions, cell=cell, pbc=rng.random(3) < 0.7))
    _check(images, 5.5)


@pytest.mark.parametrize("cutoff", [3.0, 4.1])
@pytest.mark.parametrize("at_once", [1000, 2_097_152])
def test_edges_by_linked_cells(
    cutoff: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of frame that has room for the cutoff, as if it were a large one."""
    monkeypatch.setattr(torch_edges, "MOST_CANDIDATES", 0)
    monkeypatch.setattr(torch_cells, "_AT_ONCE", at_once)
    rng = np.random.default_rng(4)
    images = [
        *STRUCTURES.values(),
        molecule("C6H6"),
        Atoms("H"),
        bulk("Cu", cubic=True) * (2, 5, 3),
    ]
    for pbc in itertools.product((False, True), repeat=3):
        cell = np.diag([5.0, 9.0, 14.0]) + rng.normal(0, 0.4, (3, 3))
        # Far outside of the cell along every vector, in clusters and alone.
        positions = rng.normal(0, 1, (40, 3)) * rng.choice([1, 30], (40, 1)) + rng.uniform(0, 9, 3)
        images.append(Atoms("Cu40", positions, cell=cell, pbc=pbc))
    chosen = is_for_device(Frames.from_atoms(images), cutoff)
    assert chosen.sum() > 10
    _check([atoms for atoms, usable in zip(images, chosen, strict=True) if usable], cutoff)


def test_atoms_on_the_faces_of_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A perfect crystal: all of them are, but for rounding."""
    monkeypatch.setattr(torch_edges, "MOST_CANDIDATES", 0)
    crystal = bulk("Cu", cubic=True) * (6, 6, 6)
    # Six bins of 3.61 Å.
    _check([crystal], 3.6)
    crystal.positions -= 1e-17
    _check([crystal], 3.6)


def test_a_sparse_frame_has_few_bins() -> None:
    positions = np.random.default_rng(1).uniform(-1e6, 1e6, (50, 3))
    positions[1] = positions[0] + [0.5, 0.5, 0.5]
    bins = torch_cells.bins_of(positions, np.eye(3), np.zeros(3, dtype=bool), 3.0)
    assert bins is not None
    assert bins.numbers.prod() <= 4 * 50 + 27
    i, j, _ = torch_cells.pairs_by_cells(torch.from_numpy(positions), bins, 3.0)
    assert (i.tolist(), j.tolist()) == ([0], [1])


def test_which_frames_are_for_the_device() -> None:
    cube = bulk("Cu", cubic=True)
    thin = cube * (1, 30, 30)
    frames = Frames.from_atoms([cube * (3, 3, 3), cube * (12, 12, 12), molecule("CH4"), cube, thin])
    assert is_for_device(frames, 3.0).tolist() == [True, True, True, True, True]
    # Two images or more in one direction, and too many atoms to try all of them.
    assert is_for_device(frames, 6.0).tolist() == [True, True, True, True, False]
