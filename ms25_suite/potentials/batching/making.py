"""Batches of frames: chosen, with their edges, on the device."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.frames import Frames, IntArray
from ms25_suite.potentials.base import BatchRunner, DeviceRunner, Graph
from ms25_suite.potentials.batching.ahead import Ahead, edges_in_order
from ms25_suite.potentials.batching.graphs import build_graph, join_edges
from ms25_suite.potentials.batching.limits import Limit
from ms25_suite.potentials.batching.memory import is_out_of_memory
from ms25_suite.potentials.batching.profile import Profile

__all__ = ["Batch", "BatchMaker", "numbered"]

_MANY_EDGES: Final = 80.0
"""Edges of an atom before any are known: those of a dense metal within 6 Å."""

_STAGED: Final = 2
"""Batches that wait for the device, so that one is there even if the next takes longer to make."""


@dataclass(slots=True, eq=False)
class Batch:
    """A batch that is ready to be evaluated.

    Parameters
    ----------
    chosen
        Which frames they are.
    frames
        The frames.
    n_edges
        Number of their edges.
    load
        Load of the batch, in the unit of the limit.
    graph
        Their graph; None if it is on the device only.
    staged
        What `BatchRunner.launch` takes; None if there was no room for it.
    """

    chosen: IntArray
    frames: Frames
    n_edges: int
    load: int
    graph: Graph | None = None
    staged: Any = None


class BatchMaker:
    """Cuts frames into batches.

    Parameters
    ----------
    runner
        What evaluates them.
    device
        The same, if it is a device of its own.
    cutoff
        Longest edge in Å.
    limit
        Largest batch, which may change on the way.
    threads
        Threads that work ahead; 0: none.
    """

    def __init__(
        self,
        runner: BatchRunner,
        device: DeviceRunner | None,
        cutoff: float,
        limit: Limit,
        threads: int,
    ) -> None:
        self._runner, self._device = runner, device
        self._cutoff, self._limit, self._threads = cutoff, limit, threads
        self._per_atom = _MANY_EDGES

    @contextmanager
    def batches(self, frames: Frames, profile: Profile) -> Iterator[Iterator[Batch]]:
        """Batches, made ahead by another thread if there is to be one."""
        source = self._made(frames, profile)
        if self._threads == 0 or len(frames) == 1:
            try:
                yield source
            finally:
                source.close()
            return
        with Ahead(source, _STAGED) as ahead:
            yield _waited_for(ahead, profile)

    def _made(self, frames: Frames, profile: Profile) -> Generator[Batch]:
        """Batches of frames, on the device."""
        order = np.arange(len(frames))
        device = self._device
        if device is None:
            yield from self._with_edges_of_host(frames, order, profile)
            return
        # The largest first: one that is too large is known at once, and batches are full.
        order = np.argsort(-frames.n_atoms, kind="stable")
        on_device = device.builds(frames, self._cutoff)[order]
        yield from self._with_edges_of_host(frames, order[~on_device], profile)
        yield from self._with_edges_of_device(device, frames, order[on_device], profile)

    def _with_edges_of_host(
        self, frames: Frames, order: IntArray, profile: Profile
    ) -> Generator[Batch]:
        limit, sizes = self._limit, frames.n_atoms
        chosen: list[int] = []
        edges: list[Any] = []
        total = 0
        for index, found, seconds in edges_in_order(frames, order, self._cutoff, self._threads):
            profile.neighbours_s += seconds
            load = limit.load(int(sizes[index]), len(found[0]))
            if chosen and total + load > limit.value:
                yield self._join(frames, chosen, edges, total, profile)
                chosen, edges, total = [], [], 0
            chosen.append(index)
            edges.append(found)
            total += load
        if chosen:
            yield self._join(frames, chosen, edges, total, profile)

    def _join(
        self, frames: Frames, chosen: list[int], edges: list[Any], load: int, profile: Profile
    ) -> Batch:
        with profile.timing("neighbours_s"):
            batch = frames.select(chosen)
            graph = join_edges(batch, edges)
        made = Batch(np.asarray(chosen), batch, len(graph.senders), load, graph)
        try:
            with numbered(made.chosen):
                made.staged = self._runner.stage(graph)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            # Tried again when it is started, with whatever is free then.
        return made

    def _with_edges_of_device(
        self, runner: DeviceRunner, frames: Frames, order: IntArray, profile: Profile
    ) -> Generator[Batch]:
        sizes = frames.n_atoms[order].tolist()
        start, n_left = 0, sum(sizes)
        while start < len(order):
            per_atom = self._per_atom
            share = self._share(n_left, per_atom)
            stop, total = start, 0
            while stop < len(order):
                # How many edges there are is known afterwards: as many as in the batch before.
                load = self._limit.load(sizes[stop], int(per_atom * sizes[stop]))
                # Its share or a little more, so that no small batch is left at the end.
                if stop > start and (total >= share or total + load > self._limit.value):
                    break
                total += load
                n_left -= sizes[stop]
                stop += 1
            chosen, start = order[start:stop], stop
            batch = frames.select(chosen)
            made = Batch(chosen, batch, 0, 0)
            with profile.timing("neighbours_s"), numbered(chosen):
                try:
                    made.staged, made.n_edges = runner.stage_frames(batch, self._cutoff)
                except (MemoryError, RuntimeError) as error:
                    if not is_out_of_memory(error):
                        raise
            if made.staged is None:
                # There is no room beside the batch that is computed: the host finds the edges.
                made.graph = build_graph(batch, self._cutoff)
                made.n_edges = len(made.graph.senders)
            made.load = self._limit.load(len(batch.numbers), made.n_edges)
            self._per_atom = made.n_edges / len(batch.numbers)
            yield made

    def _share(self, n_atoms: int, per_atom: float) -> float:
        """Load of a batch, so that the atoms that are left make batches of equal load."""
        rest = self._limit.load(n_atoms, int(per_atom * n_atoms))
        return rest / math.ceil(rest / self._limit.value)


def _waited_for(source: Iterator[Batch], profile: Profile) -> Iterator[Batch]:
    while True:
        with profile.timing("waiting_s"):
            batch = next(source, None)
        if batch is None:
            return
        yield batch


@contextmanager
def numbered(chosen: IntArray) -> Iterator[None]:
    """Turn numbers of frames in the batch, in an error, into those among all frames."""
    try:
        yield
    except PredictionError as error:
        error.frames = tuple(int(chosen[frame]) for frame in error.frames)
        raise
