from __future__ import annotations

import itertools

import numpy as np
import pytest

from ms25_suite.potentials.batching.graphs import batches
from ms25_suite.potentials.batching.messages import (
    DEVICE_ATOMS,
    HOST_BATCHES,
    device_messages,
    host_messages,
    single_messages,
)


def _sizes(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(1, 200, n)


def _cuts(sizes: np.ndarray, atoms: int) -> list[int]:
    return [*(int(part[0]) for part in batches(sizes, atoms)), len(sizes)]


@pytest.mark.parametrize("n_workers", [1, 2, 7])
@pytest.mark.parametrize("n_frames", [1, 3, 50, 2000])
def test_a_worker_meets_the_same_batches_as_without_messages(n_frames: int, n_workers: int) -> None:
    """Predictions must not depend on how many batches travel together."""
    sizes = _sizes(n_frames)
    cuts = _cuts(sizes, 5000)
    whole: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(cuts):
        whole += [(first + a, first + b) for a, b in single_messages(sizes[first:last], 512)]
    met: list[tuple[int, int]] = []
    for start, stop in host_messages(sizes, cuts, 512, n_workers):
        parts = single_messages(sizes[start:stop], 512)
        assert len(parts) <= HOST_BATCHES
        met += [(start + a, start + b) for a, b in parts]
    assert met == whole


def test_every_worker_gets_several_messages() -> None:
    sizes = np.full(400, 100)
    assert len(host_messages(sizes, [0, 400], 500, 4)) >= 16


@pytest.mark.parametrize("n_workers", [1, 3])
def test_messages_to_a_device_are_whole_blocks(n_workers: int) -> None:
    sizes = np.full(20_000, 100)
    cuts = _cuts(sizes, 16_384)
    spans = device_messages(sizes, cuts, n_workers)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(sizes)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert {edge for span in spans for edge in span} <= set(cuts)
    atoms = [int(sizes[a:b].sum()) for a, b in spans]
    assert max(atoms) <= DEVICE_ATOMS
    assert len(spans) >= (4 if n_workers == 1 else 4 * n_workers)


def test_messages_to_one_gpu_are_of_equal_size() -> None:
    """No small one at the end, for which the device would start and stop once more."""
    sizes = np.full(5000, 108)
    cuts = _cuts(sizes, 16_384)
    atoms = [int(sizes[a:b].sum()) for a, b in device_messages(sizes, cuts, 1)]
    assert len(atoms) == 2
    assert min(atoms) > 240_000


def test_one_message_of_a_calculator_is_one_batch() -> None:
    assert single_messages(np.array([300, 300, 900, 10]), None) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert single_messages(np.array([300, 300, 900, 10]), 600) == [(0, 2), (2, 3), (3, 4)]
