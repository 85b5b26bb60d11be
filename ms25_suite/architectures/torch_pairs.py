"""Dynamics of one system on a device: LAMMPS' pairs become edges there.

LAMMPS lists pairs within cutoff plus skin, and rebuilds the list every ten steps or less often.
Only then is it copied. In each step one copy takes the positions to the device, and one takes
energy, virial and forces back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.architectures.torch_graph import TensorGraph, TensorModel
from ms25_suite.architectures.torch_packed import Packed
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.inputs import Inputs
from ms25_suite.lammps.neighbours import Pairs
from ms25_suite.potentials.base import Graph

if TYPE_CHECKING:
    import torch

__all__ = ["TorchPairs"]


class TorchPairs:
    """A `ms25_suite.potentials.base.PairDynamics` for a model of PyTorch.

    Parameters
    ----------
    model
        The model.
    device
        Where it is, with its number.
    cutoff
        Longest edge in Å.
    inputs
        Charge, spin, … of the system.
    """

    def __init__(
        self, model: TensorModel, device: torch.device, cutoff: float, inputs: Inputs
    ) -> None:
        self._model = model
        self._device = device
        self._pinned = device.type == "cuda"
        self._cutoff = cutoff
        self._inputs = inputs
        self._build = -1
        self._host: Any = None
        self._pairs: dict[str, torch.Tensor] = {}

    def step(self, numbers: IntArray, pairs: Pairs) -> tuple[float, FloatArray, FloatArray]:
        """Energy, forces and virial; see `PairDynamics.step`."""
        import torch

        if pairs.build != self._build:
            self._take(numbers, pairs)
        self._host.numpy()[:] = pairs.positions
        # The step before has ended, so that nobody reads the host's memory any more.
        positions = self._host.to(self._device, non_blocking=True)
        graph, vectors = self._graph(positions, len(numbers))
        found = self._model.evaluate_tensors(graph)
        if len(found) == 3:
            energy, forces, virial = found
        else:
            energy, gradient = found
            forces, virial = self._sums(graph, gradient.double(), vectors)
        parts = [part.detach().double().reshape(-1) for part in (energy, virial, forces)]
        flat = torch.cat(parts).cpu().numpy()
        return float(flat[0]), flat[10:].reshape(-1, 3), flat[1:10].reshape(3, 3)

    def _take(self, numbers: IntArray, pairs: Pairs) -> None:
        """Copy a new list to the device."""
        import torch

        none = np.zeros(0, dtype=np.int64)
        frame = np.zeros(len(numbers), dtype=np.int64)
        # The edges of each step are known on the device only.
        atoms = Graph(numbers, none, none, np.zeros((0, 3)), frame, 1, self._inputs)
        arrays = {
            "first": pairs.first,
            "second": pairs.second,
            "sender": pairs.sender,
            "receiver": pairs.receiver,
            "frame": frame,
        }
        inputs = self._model.inputs(atoms)
        packed = Packed(arrays | {f"input {name}": found for name, found in inputs.items()})
        block = packed.host(pinned=self._pinned).to(self._device)
        self._pairs = packed.tensors(block)
        shape = pairs.positions.shape
        self._host = torch.empty(shape, dtype=torch.float64, pin_memory=self._pinned)
        self._build = pairs.build

    def _graph(self, positions: torch.Tensor, n_atoms: int) -> tuple[TensorGraph, torch.Tensor]:
        """Both directions of all pairs within the cutoff, and the vectors of the first ones."""
        import torch

        kept = self._pairs
        # A ghost atom is at the position of its image: no minimum-image convention is needed.
        vectors = positions.index_select(0, kept["second"])
        vectors -= positions.index_select(0, kept["first"])
        # The host waits here for the number of edges: nothing else is under way anyway.
        near = (vectors.square().sum(dim=1) <= self._cutoff**2).nonzero().squeeze(1)
        vectors = vectors.index_select(0, near)
        sender, receiver = (kept[name].index_select(0, near) for name in ("sender", "receiver"))
        inputs = {
            name.removeprefix("input "): found
            for name, found in kept.items()
            if name.startswith("input ")
        }
        graph = TensorGraph(
            senders=torch.cat([sender, receiver]),
            receivers=torch.cat([receiver, sender]),
            # D_ji = -D_ij
            vectors=torch.cat([vectors, -vectors]),
            graph_of_atom=kept["frame"],
            n_atoms=n_atoms,
            n_graphs=1,
            inputs=inputs,
            half=torch.arange(len(near), device=self._device),
        )
        return graph, vectors

    @staticmethod
    def _sums(
        graph: TensorGraph, gradient: torch.Tensor, vectors: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Forces and virial; the sums of `ms25_suite.potentials.batching.sums`.

        Since ``D_ji = -D_ij``, only the difference of the two derivatives of a pair enters.
        """
        n_pairs = len(vectors)
        pull = gradient[:n_pairs] - gradient[n_pairs:]
        forces = pull.new_zeros(graph.n_atoms, 3)
        forces.index_add_(0, graph.senders[:n_pairs], pull)
        forces.index_add_(0, graph.receivers[:n_pairs], pull, alpha=-1)
        return forces, vectors.T @ pull
