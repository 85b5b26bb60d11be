"""Edge models of PyTorch: the tensor form of the contract of an architecture.

A model that takes and gives tensors is evaluated on a GPU without waiting: the graph of the next
batch is copied while the present one is computed, sums over edges are done on the device
(`ms25_suite.architectures.torch_runner`), and results cross back once for each batch. On a CPU the
same model is an `EdgeModel` like any other.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, cast

from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, TensorModel, tensor_graph
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import DeviceRunner, EdgeModel, ForceModel, Graph

if TYPE_CHECKING:
    import torch

__all__ = ["TorchForceModel", "TorchModel"]


class _OnDevice:
    """What `TorchModel` and `TorchForceModel` share."""

    device: str = "cpu"
    """Where the model is: ``cpu``, ``cuda``, ``cuda:1``, …; to be set by the subclass."""

    @cached_property
    def _runner(self) -> DeviceRunner | None:
        if not self.device.startswith("cuda"):
            return None
        from ms25_suite.architectures.torch_runner import TorchRunner

        return TorchRunner(cast("TensorModel", self))

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
        that the tensors should have. Where the edges are known on the device only, the graph has
        none, and the tensors have them `in_pairs`.
        """

    @abstractmethod
    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and ``dE/dD`` as tensors on the device, of any floating-point type.

        Nothing in it should make the host wait for the device (``.item()``, ``.cpu()``,
        ``nonzero``, tensors made of Python lists): such waits leave the device idle. See
        `EdgeModel.evaluate` for the meaning of the two, and
        `ms25_suite.architectures.torch_graph.edge_gradient` for the second.
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
