"""Batches of a model that takes and gives arrays of NumPy."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from ms25_suite.potentials.base import BatchResult, EdgeModel, ForceModel, Graph
from ms25_suite.potentials.batching.sums import forces_and_virials

__all__ = ["HostRunner"]


@dataclass(frozen=True, slots=True)
class _Finished:
    """A batch that is done when it has been started."""

    found: BatchResult

    def result(self) -> BatchResult:
        """Energies, forces and virials."""
        return self.found


class HostRunner:
    """A `ms25_suite.potentials.base.BatchRunner` on the host.

    Parameters
    ----------
    model
        The loaded model.
    """

    card: Final = ""
    in_flight: Final = 0

    def __init__(self, model: EdgeModel | ForceModel) -> None:
        self._model = model

    def available(self) -> int:
        """Unknown: the system gives memory to a process until it is killed."""
        return 0

    def stage(self, graph: Graph) -> Graph:
        """The graph as it is."""
        return graph

    def launch(self, staged: Graph) -> _Finished:
        """Evaluate a batch."""
        start = time.perf_counter()
        answer = self._model.evaluate(staged)
        middle = time.perf_counter()
        if len(answer) == 3:
            # A compiled model returns forces and virials itself.
            energy, forces, virials = answer
        else:
            energy, gradient = answer
            forces, virials = forces_and_virials(staged, gradient)
        sums_s = time.perf_counter() - middle
        return _Finished(BatchResult(energy, forces, virials, 0.0, middle - start, sums_s))

    def release(self) -> None:
        """Nothing is kept."""
