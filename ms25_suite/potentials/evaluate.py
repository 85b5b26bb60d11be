"""Evaluation of an edge model: energies, forces and stresses of any number of frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ms25_suite.core.errors import PotentialError
from ms25_suite.core.frames import Frames, IntArray, Predictions
from ms25_suite.core.machine import available_cores
from ms25_suite.potentials.base import (
    BatchRunner,
    EdgeModel,
    ForceModel,
    Launched,
    ModelInfo,
)
from ms25_suite.potentials.batching.graphs import batches, build_graph
from ms25_suite.potentials.batching.host import HostRunner
from ms25_suite.potentials.batching.limits import BATCH_ATOMS, FixedLimit, GrowingLimit, Limit
from ms25_suite.potentials.batching.making import Batch, BatchMaker, numbered
from ms25_suite.potentials.batching.memory import is_out_of_memory, out_of_memory
from ms25_suite.potentials.batching.profile import BatchTimes, Profile
from ms25_suite.potentials.batching.remembered import RememberedSize
from ms25_suite.potentials.batching.sums import stresses

__all__ = ["EdgeEvaluator"]

MOST_THREADS = 8
"""Most threads that build graphs for a GPU: more of them only wait for Python's lock."""


@dataclass(slots=True, eq=False)
class _Work:
    """State of one prediction."""

    profile: Profile
    on_batch: Callable[[int], object]
    under_way: deque[tuple[Batch, Launched]]
    done: list[tuple[IntArray, Predictions]]


class EdgeEvaluator:
    """Predictions of an edge model, in batches that fit into the memory.

    Parameters
    ----------
    model
        The loaded model.
    batch_atoms
        Most atoms in a batch; halved, for all later batches too, if the memory is exhausted. None:
        `BATCH_ATOMS` on the host, on another device as many as are fastest there.
    threads
        Threads that build the graphs of later batches while the model computes; 0: none. None:
        none on the host, on another device as many as there are cores to spare.
    remembered
        Where the best batch size for a device is remembered; None: it is not remembered.
    acceleration
        What `info` says of the form of the model; see `ModelInfo.acceleration`.

    Attributes
    ----------
    model
        The loaded model.
    cutoff
        Its cutoff in Å.
    limit
        Largest batch at present.
    """

    tells_batches = True

    def __init__(
        self,
        model: EdgeModel | ForceModel,
        batch_atoms: int | None = None,
        *,
        threads: int | None = None,
        remembered: RememberedSize | None = None,
        acceleration: str = "",
    ) -> None:
        if model.info.r_max is None:
            msg = f"{type(model).__name__}.info must state r_max, the cutoff of its edges in Å"
            raise PotentialError(msg)
        self.cutoff = model.info.r_max
        self.model = model
        self._device = model.runner
        self._runner: BatchRunner = HostRunner(model) if self._device is None else self._device
        if threads is None:
            threads = (
                0 if self._device is None else min(MOST_THREADS, max(1, available_cores() - 1))
            )
        self._remembered = remembered
        self._acceleration = acceleration
        self.limit: Limit
        if batch_atoms is None and self._device is not None:
            known = remembered.get(self._runner.card) if remembered else None
            self.limit = GrowingLimit(self._runner.available, known)
        else:
            self.limit = FixedLimit(BATCH_ATOMS if batch_atoms is None else batch_atoms)
        self._maker = BatchMaker(self._runner, self._device, self.cutoff, self.limit, threads)

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff, size and precision of the model."""
        precision = getattr(self.model, "precision", "")
        return replace(self.model.info, acceleration=self._acceleration, precision=precision)

    def predict(
        self,
        frames: Frames,
        *,
        profile: Profile | None = None,
        on_batch: Callable[[int], object] = lambda n_frames: None,
    ) -> Predictions:
        """Energies, forces and stresses of all frames.

        Parameters
        ----------
        frames
            The frames.
        profile
            Times are added to it; None: they are not kept.
        on_batch
            Called with the number of frames of each batch that is done, so that a long request can
            report how far it is.

        Raises
        ------
        OutOfMemoryError
            A single frame does not fit into the memory.
        """
        work = _Work(Profile() if profile is None else profile, on_batch, deque(), [])
        with work.profile.timing("wall_s"):
            with self._maker.batches(frames, work.profile) as found:
                for batch in found:
                    self._start(batch, work)
                    # The device has its next batch: now there is time to look at the last one.
                    self._collect(work, leave=self._runner.in_flight)
            self._collect(work, leave=0)
            predictions = _in_order(frames, work.done)
        if self._remembered is not None and isinstance(self.limit, GrowingLimit):
            self._remembered.put(self._runner.card, self.limit.learned())
        return predictions

    def _start(self, batch: Batch, work: _Work, *, again: bool = True) -> None:
        """Launch a batch, or its halves if it does not fit."""
        many = len(batch.chosen) > 1
        if many and self.limit.is_hopeless(batch.load):
            self._halve(batch, work)
            return
        reason = ""
        try:
            with numbered(batch.chosen):
                if batch.staged is None:
                    graph = batch.graph or build_graph(batch.frames, self.cutoff)
                    batch.staged = self._runner.stage(graph)
                work.under_way.append((batch, self._runner.launch(batch.staged)))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error) or type(error).__name__
            if not many and not again:
                raise out_of_memory(len(batch.frames.numbers), error) from error
        if not reason:
            return
        # Outside of `except`: the exception keeps the arrays of the model alive.
        work.profile.retried += 1
        batch.staged = None
        self._collect(work, leave=0)
        self._runner.release()
        self.limit.failed(batch.load)
        if many:
            self._halve(batch, work)
        else:
            # Alone on the device it may fit.
            self._start(batch, work, again=False)

    def _halve(self, batch: Batch, work: _Work) -> None:
        sizes = batch.frames.n_atoms
        batch.staged = None
        for part in batches(sizes, max(1, int(sizes.sum()) // 2)):
            frames = batch.frames.select(part)
            graph = build_graph(frames, self.cutoff)
            n_edges = len(graph.senders)
            load = self.limit.load(len(graph.numbers), n_edges)
            self._start(Batch(batch.chosen[part], frames, n_edges, load, graph), work)
            self._collect(work, leave=0)

    def _collect(self, work: _Work, *, leave: int) -> None:
        """Results of the batches that were launched first, until only ``leave`` are under way."""
        while len(work.under_way) > leave:
            batch, launched = work.under_way.popleft()
            found = launched.result()
            seconds = found.model_s + found.sums_s
            self.limit.record(batch.load, seconds, found.peak_bytes)
            work.profile.batches.append(
                BatchTimes(
                    n_frames=len(batch.frames),
                    n_atoms=len(batch.frames.numbers),
                    n_edges=batch.n_edges,
                    transfer_s=found.transfer_s,
                    model_s=found.model_s,
                    sums_s=found.sums_s,
                    peak_bytes=found.peak_bytes,
                )
            )
            stress = stresses(batch.frames, found.virials)
            work.done.append((batch.chosen, Predictions(found.energy, found.forces, stress)))
            work.on_batch(len(batch.chosen))


def _in_order(frames: Frames, done: list[tuple[IntArray, Predictions]]) -> Predictions:
    """Predictions of all batches in the order of the frames."""
    found = Predictions.concatenate([part for _, part in done])
    order = np.concatenate([chosen for chosen, _ in done]) if done else np.arange(0)
    if (order == np.arange(len(frames))).all():
        return found
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    # Where the atoms of each frame are, in the order in which they were computed.
    offsets = np.concatenate([[0], np.cumsum(frames.n_atoms[order])])
    return found.select(place, offsets)
