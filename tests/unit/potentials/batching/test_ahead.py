from __future__ import annotations

import threading
import time
from collections.abc import Generator

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.frames import Frames
from ms25_suite.potentials.batching import ahead
from ms25_suite.potentials.batching.ahead import Ahead, edges_in_order
from ms25_suite.potentials.batching.graphs import frame_edges


def test_items_are_made_before_they_are_asked_for() -> None:
    made: list[int] = []

    def source() -> Generator[int]:
        for number in range(10):
            made.append(number)
            yield number

    with Ahead(source(), depth=2) as items:
        assert next(items) == 0
        deadline = time.monotonic() + 10
        while len(made) < 4 and time.monotonic() < deadline:
            time.sleep(0.001)
        # The first was taken, two wait, one is being made; no more than that.
        time.sleep(0.02)
        assert made == [0, 1, 2, 3]
        assert list(items) == list(range(1, 10))


def test_an_exception_comes_where_its_item_would_have_been() -> None:
    def source() -> Generator[int]:
        yield 1
        msg = "no more"
        raise ValueError(msg)

    with Ahead(source(), depth=5) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="no more"):
            next(items)


def test_a_source_that_is_not_used_up_ends() -> None:
    closed = threading.Event()

    def source() -> Generator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    before = threading.active_count()
    with Ahead(source(), depth=1) as items:
        next(items)
    assert closed.is_set()
    assert threading.active_count() == before


def _frames() -> Frames:
    cubes = [bulk("Cu", cubic=True) * (n, 1, 1) for n in (1, 4, 2, 3)] * 5
    return Frames.from_atoms(cubes)


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
@pytest.mark.parametrize("large", [4096, 8])
def test_edges_come_in_the_order_asked_for(
    threads: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_CHUNK_ATOMS", 20)
    monkeypatch.setattr(ahead, "_LARGE_FRAME", large)
    frames = _frames()
    order = np.random.default_rng(1).permutation(len(frames))
    found = list(edges_in_order(frames, order, 4.0, threads))
    assert [index for index, _, _ in found] == order.tolist()
    assert all(seconds > 0 for _, _, seconds in found)
    for index, edges, _ in found:
        expected = frame_edges(frames, index, 4.0)
        for ours, theirs in zip(edges, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_edges_that_nobody_takes_are_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_CHUNK_ATOMS", 4)
    built: list[int] = []
    real = ahead.frame_edges

    def counted(frames: Frames, index: int, cutoff: float, **more: object) -> object:
        built.append(index)
        return real(frames, index, cutoff)

    monkeypatch.setattr(ahead, "frame_edges", counted)
    frames = _frames().select(np.arange(20).repeat(10))
    edges = edges_in_order(frames, np.arange(len(frames)), 4.0, 2)
    next(edges)
    edges.close()
    assert len(built) < 30
