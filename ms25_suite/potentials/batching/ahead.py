"""Work that is done ahead by threads, while the model computes."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from ms25_suite.core.frames import Frames, IntArray
from ms25_suite.core.geometry.neighbours import Neighbours
from ms25_suite.potentials.batching.graphs import batches, frame_edges

__all__ = ["Ahead", "edges_in_order"]

T = TypeVar("T")

_CHUNK_ATOMS: Final = 1024
"""Atoms whose edges a thread builds at a time: some milliseconds of work."""

_LARGE_FRAME: Final = 4096
"""Atoms of a frame from which on vesin's own threads are worth starting."""

_CHUNKS_AHEAD: Final = 4
"""Chunks for each thread that are built before they are needed."""

_WAKE_S: Final = 0.1


def edges_in_order(
    frames: Frames, order: IntArray, cutoff: float, threads: int
) -> Generator[tuple[int, Neighbours, float]]:
    """Edges of frames, built by threads but in the order asked for.

    vesin and the k-d tree release Python's lock while they search.

    Parameters
    ----------
    frames
        Frames.
    order
        Indices of the frames.
    cutoff
        Longest edge in Å.
    threads
        Number of threads; with fewer than 2 they are built when they are asked for.

    Yields
    ------
    :
        Index of the frame, its edges, and the seconds that they took.
    """
    if threads < 2:
        for index in order.tolist():
            start = time.perf_counter()
            found = frame_edges(frames, index, cutoff)
            yield index, found, time.perf_counter() - start
        return
    if len(order) == 0:
        return
    sizes = frames.n_atoms[order]
    chunks = iter([order[part].tolist() for part in batches(sizes, _CHUNK_ATOMS)])
    with ThreadPoolExecutor(threads, thread_name_prefix="ms25-edges") as pool:
        waiting: deque[Future[list[tuple[int, Neighbours, float]]]] = deque()
        try:
            while True:
                while len(waiting) < _CHUNKS_AHEAD * threads and (chunk := next(chunks, None)):
                    waiting.append(pool.submit(_build, frames, chunk, cutoff, threads))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _build(
    frames: Frames, chunk: Sequence[int], cutoff: float, threads: int
) -> list[tuple[int, Neighbours, float]]:
    found = []
    for index in chunk:
        n_atoms = int(frames.offsets[index + 1] - frames.offsets[index])
        start = time.perf_counter()
        # Frames are shared among threads here, unless one is as large as many.
        own = threads if n_atoms >= _LARGE_FRAME else 1
        edges = frame_edges(frames, index, cutoff, threads=own)
        found.append((index, edges, time.perf_counter() - start))
    return found


class Ahead(Generic[T]):
    """Items of a generator, made by a thread before they are asked for.

    An exception of the generator is raised where its item would have been.

    Parameters
    ----------
    source
        The generator.
    depth
        Number of items that wait at most; one more is being made.

    Examples
    --------
    >>> with Ahead((n * n for n in range(3)), depth=1) as squares:
    ...     list(squares)
    [0, 1, 4]
    """

    def __init__(self, source: Generator[T], depth: int) -> None:
        self._source = source
        self._items: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ms25-ahead", daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._take()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            for item in self._source:
                if not self._put("item", item):
                    return
            self._put("end", None)
        except BaseException as error:  # it is raised by whoever takes the items
            self._put("error", error)
        finally:
            self._source.close()

    def _put(self, kind: str, item: T | BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._items.put((kind, item), timeout=_WAKE_S)
            except queue.Full:
                continue
            return True
        return False

    def _take(self) -> Iterator[T]:
        while True:
            kind, item = self._items.get()
            if kind == "end":
                return
            if kind == "error":
                assert isinstance(item, BaseException)
                raise item
            yield item  # type: ignore[misc]
