"""Edges found on a device, with tensors on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.batching.graphs import build_graph
from tests.helpers.edges import ordered

torch = pytest.importorskip("torch")

from ms25_suite.architectures import torch_edges  # noqa: E402
from ms25_suite.architectures.torch_edges import edges_on_device, is_small  # noqa: E402

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
    # Frame after frame.
    assert (np.diff(frames.frame_of_atom[i]) >= 0).all()


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


def test_only_small_frames_are_worth_it() -> None:
    cube = bulk("Cu", cubic=True)
    frames = Frames.from_atoms([cube * (3, 3, 3), cube * (8, 8, 8), molecule("CH4"), cube])
    assert is_small(frames, 5.0).tolist() == [True, True, True, True]
    frames = Frames.from_atoms([cube * (3, 3, 3), cube * (12, 12, 12), cube])
    assert is_small(frames, 6.0).tolist() == [True, False, True]
    assert is_small(frames, 25.0).tolist() == [False, False, False]
