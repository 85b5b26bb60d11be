"""Where the time of predictions goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["BatchTimes", "Profile"]


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """One batch.

    Parameters
    ----------
    n_frames, n_atoms, n_edges
        Its size.
    transfer_s
        Copy from the host to the device and back, in seconds; zero where there is none. The copy
        to the device overlaps with the batch before.
    model_s
        The model and its derivative.
    sums_s
        Sums of the derivatives: forces and virials.
    peak_bytes
        Largest memory of the device during the batch beyond that before it; zero if unknown.
    """

    n_frames: int
    n_atoms: int
    n_edges: int
    transfer_s: float
    model_s: float
    sums_s: float
    peak_bytes: int = 0


@dataclass(slots=True)
class Profile:
    """Times of one or more predictions, to be given to `EdgeEvaluator.predict`.

    Attributes
    ----------
    wall_s
        Wall time of the predictions in seconds.
    neighbours_s
        Time of the threads that build graphs, added up over all threads. Where they work ahead,
        it overlaps with the model.
    waiting_s
        Time for which the model had to wait for a graph.
    batches
        The batches, in the order in which they were evaluated.
    retried
        Number of batches that did not fit into the memory and were halved.

    Examples
    --------
    >>> profile = Profile()
    >>> profile.batches.append(BatchTimes(1, 4, 72, 0.5, 1.0, 0.25))
    >>> profile.shares()["model"]
    0.0
    """

    wall_s: float = 0.0
    neighbours_s: float = 0.0
    waiting_s: float = 0.0
    batches: list[BatchTimes] = field(default_factory=list)
    retried: int = 0

    def seconds(self) -> dict[str, float]:
        """Seconds by part: ``neighbours``, ``waiting``, ``transfer``, ``model``, ``sums``."""
        return {
            "neighbours": self.neighbours_s,
            "waiting": self.waiting_s,
            "transfer": sum(batch.transfer_s for batch in self.batches),
            "model": sum(batch.model_s for batch in self.batches),
            "sums": sum(batch.sums_s for batch in self.batches),
        }

    def shares(self) -> dict[str, float]:
        """Parts of the wall time; together more than 1 where they overlap, 0 before any run."""
        return {
            part: seconds / self.wall_s if self.wall_s else 0.0
            for part, seconds in self.seconds().items()
        }

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the wall time of a block to ``wall_s``, ``neighbours_s`` or ``waiting_s``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, name, getattr(self, name) + time.perf_counter() - start)
