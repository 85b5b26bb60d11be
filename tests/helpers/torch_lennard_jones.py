"""The Lennard-Jones model as a model of PyTorch, evaluated as on a GPU wherever it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, edge_gradient
from ms25_suite.architectures.torch_model import TorchModel
from ms25_suite.architectures.torch_runner import TorchRunner
from ms25_suite.potentials.base import DeviceRunner, Graph, ModelInfo
from tests.helpers.lennard_jones import LennardJonesModel

__all__ = ["TorchLennardJones"]


class TorchLennardJones(TorchModel):
    """The same energy as `LennardJonesModel`."""

    def __init__(self, device: str = "cpu", dtype: str = "float64") -> None:
        import torch

        self.device = device
        self._plain = LennardJonesModel()
        self._dtype = getattr(torch, dtype)
        self._batches = TorchRunner(self)
        self.seen: list[TensorGraph] = []

    @property
    def info(self) -> ModelInfo:
        return self._plain.info

    @property
    def runner(self) -> DeviceRunner:
        # Also on the CPU, unlike a model that people use.
        return self._batches

    def inputs(self, graph: Graph) -> Arrays:
        known = self._plain.energies
        return {"lone": np.array([known[number] for number in graph.numbers.tolist()])}

    def evaluate_tensors(self, graph: TensorGraph) -> tuple[Any, Any]:
        self.seen.append(graph)
        plain = self._plain
        vectors = graph.vectors.to(self._dtype).detach().requires_grad_(True)
        c6 = (plain.sigma**2 / vectors.square().sum(dim=1)) ** 3
        at_cutoff = (plain.sigma / plain.cutoff) ** 6
        pair = 2 * plain.epsilon * (c6**2 - c6 - at_cutoff**2 + at_cutoff)
        energy = pair.new_zeros(graph.n_graphs)
        energy = energy.index_add(0, graph.graph_of_atom, graph.inputs["lone"].to(self._dtype))
        energy = energy.index_add(0, graph.graph_of_atom[graph.senders], pair)
        return energy, edge_gradient(energy, vectors)
