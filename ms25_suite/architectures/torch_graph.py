"""Graphs as tensors on the device of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ms25_suite.potentials.base import Graph

if TYPE_CHECKING:
    import torch

__all__ = ["Arrays", "TensorGraph", "TensorModel", "edge_gradient", "tensor_graph"]

Arrays = dict[str, np.ndarray[Any, Any]]
"""Arrays by name, as they are copied to a device."""


@dataclass(frozen=True, slots=True, eq=False)
class TensorGraph:
    """A `ms25_suite.potentials.base.Graph` on the device of a model.

    Parameters
    ----------
    senders, receivers
        Atoms of each edge, int64, shape ``(n_edges,)``.
    vectors
        ``D = r_j - r_i`` in Å, in double precision, shape ``(n_edges, 3)``.
    graph_of_atom
        Index of the frame of each atom, int64, shape ``(n_atoms,)``.
    n_atoms, n_graphs
        Numbers of atoms and of frames.
    inputs
        What `ms25_suite.architectures.torch_model.TorchModel.inputs` returned, as tensors.
    in_pairs
        Whether edge ``2 k + 1`` is edge ``2 k`` reversed, so that every second edge holds each pair
        once; otherwise their order is not known.
    """

    senders: torch.Tensor
    receivers: torch.Tensor
    vectors: torch.Tensor
    graph_of_atom: torch.Tensor
    n_atoms: int
    n_graphs: int
    inputs: Mapping[str, torch.Tensor]
    in_pairs: bool = False


class TensorModel(Protocol):
    """What `ms25_suite.architectures.torch_model.TorchModel` and ``TorchForceModel`` share."""

    device: str

    def inputs(self, graph: Graph) -> Arrays:
        """What the model reads of a graph besides edges and frames."""
        ...

    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, ...]:
        """Energies and derivatives by the edges, or energies, forces and virials."""
        ...


def tensor_graph(model: TensorModel, graph: Graph) -> TensorGraph:
    """A graph on the device of a model, copied while the host waits."""
    import torch

    # MPS has no double precision.
    short = model.device.startswith("mps")

    def tensor(values: np.ndarray[Any, Any]) -> torch.Tensor:
        found = torch.from_numpy(np.ascontiguousarray(values))
        if short and found.dtype == torch.float64:
            found = found.to(torch.float32)
        return found.to(model.device)

    return TensorGraph(
        senders=tensor(graph.senders),
        receivers=tensor(graph.receivers),
        vectors=tensor(graph.vectors),
        graph_of_atom=tensor(graph.graph_of_atom),
        n_atoms=len(graph.numbers),
        n_graphs=graph.n_graphs,
        inputs={name: tensor(values) for name, values in model.inputs(graph).items()},
    )


def edge_gradient(energy: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    """Derivative of a sum of energies by the edge vectors that they were computed from.

    Parameters
    ----------
    energy
        Energies, any shape.
    vectors
        Edge vectors that require a gradient, shape ``(n_edges, 3)``.

    Returns
    -------
    :
        The derivative, shape ``(n_edges, 3)``; zero where the energy does not depend on them, as
        in a batch without edges.
    """
    import torch

    gradient = None
    if energy.requires_grad:
        (gradient,) = torch.autograd.grad(energy.sum(), [vectors], allow_unused=True)
    return torch.zeros_like(vectors) if gradient is None else gradient
