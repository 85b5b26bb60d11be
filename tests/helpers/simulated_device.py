"""A device that is not there: with a memory, a speed that depends on the load, and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ms25_suite.core.frames import Frames
from ms25_suite.potentials.base import BatchResult, Graph
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.batching.host import HostRunner
from tests.helpers.lennard_jones import LennardJonesModel

__all__ = ["SimulatedDevice", "SimulatedModel"]


class _Later:
    def __init__(self, device: SimulatedDevice, found: BatchResult) -> None:
        self._device, self._found = device, found

    def result(self) -> BatchResult:
        self._device.under_way -= 1
        return self._found


@dataclass
class SimulatedDevice:
    """A `DeviceRunner`.

    Parameters
    ----------
    model
        Gives the numbers.
    memory
        Memory in bytes.
    bytes_per_edge
        What a batch needs of it, for each edge.
    most
        Edges in a second for very large batches.
    half
        Edges of a batch that runs at half of that speed.
    """

    model: Any
    memory: int = 80 * 10**9
    bytes_per_edge: float = 1e5
    most: float = 1e7
    half: float = 1e5
    card: str = "simulated"
    in_flight: int = 1
    launched: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    released: int = 0
    under_way: int = 0
    seconds: float = 0.0
    finds_edges: bool = False

    def available(self) -> int:
        return self.memory

    def stage(self, graph: Graph) -> Graph:
        return graph

    def builds(self, frames: Frames, cutoff: float) -> Any:
        return np.full(len(frames), self.finds_edges)

    def stage_frames(self, frames: Frames, cutoff: float) -> tuple[Graph, int]:
        graph = build_graph(frames, cutoff)
        return graph, len(graph.senders)

    def launch(self, staged: Graph) -> _Later:
        assert self.under_way <= self.in_flight
        n_edges = len(staged.senders)
        needed = int(self.bytes_per_edge * n_edges)
        if needed > self.memory:
            self.failed.append(n_edges)
            # The words of PyTorch.
            msg = f"CUDA out of memory. Tried to allocate {needed / 2**30:.2f} GiB"
            raise RuntimeError(msg)
        self.launched.append(n_edges)
        self.under_way += 1
        seconds = (n_edges + self.half) / self.most
        self.seconds += seconds
        found = HostRunner(self.model).launch(staged).result()
        return _Later(
            self,
            BatchResult(
                found.energy, found.forces, found.virials, 0.0, seconds, 0.0, max(1, needed)
            ),
        )

    def release(self) -> None:
        assert self.under_way == 0
        self.released += 1


class SimulatedModel(LennardJonesModel):
    """A Lennard-Jones model on a `SimulatedDevice`."""

    def __init__(self, **device: Any) -> None:
        super().__init__()
        self.device = SimulatedDevice(LennardJonesModel(), **device)

    @property
    def runner(self) -> Any:
        return self.device
