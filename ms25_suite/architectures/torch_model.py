"""Edge models of PyTorch: the tensor form of the contract of an architecture.

A model that takes and gives tensors is evaluated on a GPU without waiting: the graph of the next
batch is copied while the present one is computed, sums over edges are done on the device
(`ms25_suite.architectures.torch_runner`), and results cross back once for each batch. On a CPU the
same model is an `EdgeModel` like any other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import DeviceRunner, EdgeModel, ForceModel, Graph

if TYPE_CHECKING:
    import torch

__all__ = [
    "Arrays",
    "TensorGraph",
    "TorchForceModel",
    "TorchModel",
    "edge_gradient",
    "tensor_graph",
]

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
        What `TorchModel.inputs` returned, as tensors.
    """

    senders: torch.Tensor
    receivers: torch.Tensor
    vectors: torch.Tensor
    graph_of_atom: torch.Tensor
    n_atoms: int
    n_graphs: int
    inputs: Mapping[str, torch.Tensor]


class _OnDevice:
    """What `TorchModel` and `TorchForceModel` share."""

    device: str = "cpu"
    """Where the model is: ``cpu``, ``cuda``, ``cuda:1``, …; to be set by the subclass."""

    @cached_property
    def _runner(self) -> DeviceRunner | None:
        if not self.device.startswith("cuda"):
            return None
        from ms25_suite.architectures.torch_runner import TorchRunner

        return TorchRunner(self)  # type: ignore[arg-type]

    @property
    def runner(self) -> DeviceRunner | None:
        """Batches on a GPU of CUDA; None elsewhere, where nothing is gained by it."""
        return self._runner


class TorchModel(_OnDevice, EdgeModel):
    """A loaded model that maps tensors of edges to energies and their derivatives."""

    @abstractmethod
    def inputs(self, graph: Graph) -> Arrays:
        """What the model reads of a graph besides edges and frames: species, charges, ….

        Called on the host, in another thread than `evaluate_tensors`. Arrays must have the types
        that the tensors should have.
        """

    @abstractmethod
    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and ``dE/dD`` as tensors on the device, of any floating-point type.

        Nothing in it should make the host wait for the device (``.item()``, ``.cpu()``,
        ``nonzero``, tensors made of Python lists): such waits leave the device idle. See
        `EdgeModel.evaluate` for the meaning of the two, and `edge_gradient` for the second.
        """

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        """Energies and ``dE/dD`` as arrays; see `EdgeModel.evaluate`."""
        energy, gradient = self.evaluate_tensors(tensor_graph(self, graph))
        # Copied first, since not every device has double precision.
        return energy.detach().cpu().double().numpy(), gradient.detach().cpu().double().numpy()


class TorchForceModel(_OnDevice, ForceModel):
    """A loaded model that maps tensors of edges to energies, forces and virials."""

    @abstractmethod
    def inputs(self, graph: Graph) -> Arrays:
        """See `TorchModel.inputs`."""

    @abstractmethod
    def evaluate_tensors(
        self, graph: TensorGraph
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Energies, forces and virials on the device; see `ForceModel.evaluate`."""

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies, forces and virials as arrays; see `ForceModel.evaluate`."""
        energy, forces, virials = (
            found.detach().cpu().double().numpy()
            for found in self.evaluate_tensors(tensor_graph(self, graph))
        )
        return energy, forces, virials


def tensor_graph(model: TorchModel | TorchForceModel, graph: Graph) -> TensorGraph:
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
