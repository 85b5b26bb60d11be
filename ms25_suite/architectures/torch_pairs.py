"""Dynamics of one system on a device, which finds the neighbours itself.

LAMMPS says when pairs within cutoff plus skin have to be found anew, every ten steps or less often.
In each step one copy takes the positions of atoms and images to the device, and one takes energy,
virial and forces back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.architectures.torch_cells import bins_of, pairs_by_cells
from ms25_suite.architectures.torch_edges import both_directions, is_upper
from ms25_suite.architectures.torch_graph import TensorGraph, TensorModel
from ms25_suite.architectures.torch_packed import Packed
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.inputs import Inputs
from ms25_suite.lammps.images import Images
from ms25_suite.potentials.base import Graph

if TYPE_CHECKING:
    import torch

__all__ = ["TorchPairs"]

_ZERO: Final = 1e-6
"""Components in Å of a vector between images of one atom that are zero but for rounding."""


class TorchPairs:
    """A `ms25_suite.potentials.base.DeviceDynamics` for a model of PyTorch.

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
        self._atoms: dict[str, torch.Tensor] = {}
        self._pairs: dict[str, torch.Tensor] = {}

    def step(self, numbers: IntArray, images: Images) -> tuple[float, FloatArray, FloatArray]:
        """Energy, forces and virial; see `DeviceDynamics.step`."""
        import torch

        is_new = images.build != self._build
        if is_new:
            shape = images.positions.shape
            self._host = torch.empty(shape, dtype=torch.float64, pin_memory=self._pinned)
        self._host.numpy()[:] = images.positions
        # The step before has ended, so that nobody reads the host's memory any more.
        positions = self._host.to(self._device, non_blocking=True)
        if is_new:
            self._take(numbers, images, positions)
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

    def _take(self, numbers: IntArray, images: Images, positions: torch.Tensor) -> None:
        """Copy what stays until the next rebuild to the device, and find the pairs there."""
        none = np.zeros(0, dtype=np.int64)
        frame = np.zeros(len(numbers), dtype=np.int64)
        # The edges of each step are known on the device only.
        atoms = Graph(numbers, none, none, np.zeros((0, 3)), frame, 1, self._inputs)
        inputs = self._model.inputs(atoms)
        arrays = {f"input {name}": found for name, found in inputs.items()}
        packed = Packed(arrays | {"frame": frame, "owner": images.owner})
        self._atoms = packed.tensors(packed.host(pinned=self._pinned).to(self._device))
        self._pairs = self._found(positions, images, len(numbers))
        self._build = images.build

    def _found(
        self, positions: torch.Tensor, images: Images, n_atoms: int
    ) -> dict[str, torch.Tensor]:
        """All pairs of an atom and another atom or an image, each once."""
        import torch

        # Images are atoms like any others: nothing repeats.
        bins = bins_of(images.positions, np.eye(3), np.zeros(3, dtype=np.bool_), images.reach)
        assert bins is not None
        first, second, vectors = pairs_by_cells(positions, bins, images.reach)
        owner = self._atoms["owner"]
        sender, receiver = owner[first], owner[second]
        is_own, other_is_own = first < n_atoms, second < n_atoms
        # A pair across a face is there twice, once as seen from each of its atoms.
        start, end = torch.where(is_own, sender, receiver), torch.where(is_own, receiver, sender)
        outwards = torch.where(is_own[:, None], vectors, -vectors)
        once = (start < end) | ((start == end) & is_upper(outwards, _ZERO))
        kept = ((is_own & other_is_own) | ((is_own ^ other_is_own) & once)).nonzero().squeeze(1)
        found = {"first": first, "second": second, "sender": sender, "receiver": receiver}
        return {name: values[kept] for name, values in found.items()}

    def _graph(self, positions: torch.Tensor, n_atoms: int) -> tuple[TensorGraph, torch.Tensor]:
        """Both directions of all pairs within the cutoff, and the vectors of the first ones."""
        kept = self._pairs
        # An image has its own position: no minimum-image convention is needed.
        vectors = positions.index_select(0, kept["second"])
        vectors -= positions.index_select(0, kept["first"])
        # The host waits here for the number of edges: nothing else is under way anyway.
        near = (vectors.square().sum(dim=1) <= self._cutoff**2).nonzero().squeeze(1)
        vectors = vectors.index_select(0, near)
        sender, receiver = (kept[name].index_select(0, near) for name in ("sender", "receiver"))
        senders, receivers, both = both_directions(sender, receiver, vectors)
        inputs = {
            name.removeprefix("input "): found
            for name, found in self._atoms.items()
            if name.startswith("input ")
        }
        graph = TensorGraph(
            senders=senders,
            receivers=receivers,
            vectors=both,
            graph_of_atom=self._atoms["frame"],
            n_atoms=n_atoms,
            n_graphs=1,
            inputs=inputs,
            in_pairs=True,
        )
        return graph, vectors

    @staticmethod
    def _sums(
        graph: TensorGraph, gradient: torch.Tensor, vectors: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Forces and virial; the sums of `ms25_suite.potentials.batching.sums`.

        Since ``D_ji = -D_ij``, only the difference of the two derivatives of a pair enters.
        """
        pull = gradient[::2] - gradient[1::2]
        forces = pull.new_zeros(graph.n_atoms, 3)
        forces.index_add_(0, graph.senders[::2], pull)
        forces.index_add_(0, graph.receivers[::2], pull, alpha=-1)
        return forces, vectors.T @ pull
