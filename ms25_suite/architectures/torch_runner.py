"""Batches of a model of PyTorch on a device, without waiting for one another.

For each batch the host does this: a thread packs the graph into pinned memory and starts one copy
to the device, in a stream of its own; the main thread lets the device wait for that copy, starts
the model, the sums over edges and one copy of the results to pinned memory, and goes on to the next
batch. It waits only for results of a batch whose successor was started already.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.architectures.torch_edges import edges_on_device, is_for_device
from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, TensorModel
from ms25_suite.architectures.torch_packed import Packed
from ms25_suite.architectures.torch_pairs import TorchPairs
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.core.inputs import Inputs
from ms25_suite.potentials.base import BatchResult, Graph

if TYPE_CHECKING:
    import torch

__all__ = ["TorchRunner", "device_sums"]


def device_sums(graph: TensorGraph, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Forces and virials, the sums of `ms25_suite.potentials.batching.sums`, on the device.

    Parameters
    ----------
    graph
        The graph.
    gradient
        ``dE/dD`` in eV/Å, shape ``(n_edges, 3)``.

    Returns
    -------
    :
        Forces in eV/Å, shape ``(n_atoms, 3)``, and virials in eV, shape ``(n_graphs, 3, 3)``, in
        double precision whatever that of the gradient is.
    """
    slope, vectors = gradient.double(), graph.vectors
    senders, receivers = graph.senders, graph.receivers
    if graph.in_pairs:
        # Since D_ji = -D_ij, only the difference of the two derivatives of a pair enters.
        slope = slope[::2] - slope[1::2]
        senders, receivers, vectors = senders[::2], receivers[::2], vectors[::2]
    # Virials of atoms first: all edges of a frame adding to the same nine numbers would queue up.
    outer = (vectors[:, :, None] * slope[:, None, :]).reshape(-1, 9)
    by_sender = slope.new_zeros(graph.n_atoms, 12)
    by_sender.index_add_(0, senders, _side_by_side(slope, outer))
    forces = by_sender[:, :3].index_add(0, receivers, slope, alpha=-1)
    virials = slope.new_zeros(graph.n_graphs, 9)
    virials.index_add_(0, graph.graph_of_atom, by_sender[:, 3:])
    return forces, virials.reshape(-1, 3, 3)


def _side_by_side(*parts: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.cat(parts, dim=1)


@dataclass(slots=True, eq=False)
class _Staged:
    """A batch on the device, or on its way there."""

    graph: TensorGraph
    held: list[torch.Tensor]
    """Memory that belongs to the stream of the copies."""
    marks: tuple[Any, Any]
    """Before and after the copy."""
    ready: Any = None
    """After which the model may start; None: the copy."""


class TorchRunner:
    """A `ms25_suite.potentials.base.DeviceRunner` for a model of PyTorch.

    Parameters
    ----------
    model
        The model. If it is on the CPU, the same steps are taken there one after the other; that is
        for tests, and for machines that have no GPU.
    """

    in_flight: Final = 1
    finds_edges = True
    """Whether edges are found on the device; else the host does all."""

    def __init__(self, model: TensorModel) -> None:
        import torch

        self._model = model
        self._device = torch.device(model.device)
        self._is_cuda = self._device.type == "cuda"
        if self._is_cuda and self._device.index is None:
            self._device = torch.device("cuda", torch.cuda.current_device())
        self._copies = torch.cuda.Stream(self._device) if self._is_cuda else None

    @property
    def card(self) -> str:
        """Model of the GPU and its memory in GiB."""
        import torch

        if not self._is_cuda:
            return "cpu"
        found = torch.cuda.get_device_properties(self._device)
        return f"{found.name}, {found.total_memory / 1024**3:.0f} GiB"

    def available(self) -> int:
        """Free memory of the GPU, and what PyTorch holds of it without using it."""
        import torch

        if not self._is_cuda:
            return 2**62
        free, _ = torch.cuda.mem_get_info(self._device)
        reserved = torch.cuda.memory_reserved(self._device)
        return int(free + reserved - torch.cuda.memory_allocated(self._device))

    def release(self) -> None:
        """Give all memory that PyTorch holds without using it back to the GPU."""
        import torch

        if self._is_cuda:
            torch.cuda.synchronize(self._device)
            torch.cuda.empty_cache()

    def dynamics(self, cutoff: float, inputs: Inputs) -> TorchPairs:
        """Evaluation of one system step after step."""
        return TorchPairs(self._model, self._device, cutoff, inputs)

    def builds(self, frames: Frames, cutoff: float) -> BoolArray:
        """Almost all; see `ms25_suite.architectures.torch_edges`."""
        if not self.finds_edges:
            return np.zeros(len(frames), dtype=np.bool_)
        return is_for_device(frames, cutoff)

    def stage_frames(self, frames: Frames, cutoff: float) -> tuple[_Staged, int]:
        """Copy frames to the device, and find their edges there."""
        import torch

        if not self._is_cuda:
            return self._stage_frames(frames, cutoff)
        # The stream of the copies: its waits for numbers of edges are none of the model.
        with torch.cuda.device(self._device), torch.cuda.stream(self._copies):
            return self._stage_frames(frames, cutoff)

    def _stage_frames(self, frames: Frames, cutoff: float) -> tuple[_Staged, int]:

        before = self._mark(self._copies)
        none = np.zeros(0, dtype=np.int64)
        # The model reads its inputs of the atoms; the edges are known on the device only.
        atoms = Graph(
            numbers=np.asarray(frames.numbers, dtype=np.int64),
            senders=none,
            receivers=none,
            vectors=np.zeros((0, 3)),
            graph_of_atom=frames.frame_of_atom,
            n_graphs=len(frames),
            inputs=frames.inputs,
        )
        inputs = self._model.inputs(atoms)
        arrays = {f"input {name}": found for name, found in inputs.items()}
        packed = Packed(arrays | {"graph_of_atom": atoms.graph_of_atom})
        host = packed.host(pinned=self._is_cuda)
        tensors = packed.tensors(host.to(self._device, non_blocking=True))
        marks = before, self._mark(self._copies)
        senders, receivers, vectors = edges_on_device(
            frames, cutoff, self._device, pinned=self._is_cuda
        )
        graph = TensorGraph(
            senders=senders,
            receivers=receivers,
            vectors=vectors,
            graph_of_atom=tensors["graph_of_atom"],
            n_atoms=len(atoms.numbers),
            n_graphs=atoms.n_graphs,
            inputs={name: tensors[f"input {name}"] for name in inputs},
            in_pairs=True,
        )
        held = [senders, receivers, vectors, tensors["graph_of_atom"]]
        return _Staged(graph, held, marks, self._mark(self._copies)), len(senders)

    def stage(self, graph: Graph) -> _Staged:
        """Start to copy a graph to the device."""
        arrays: Arrays = {
            "senders": graph.senders,
            "receivers": graph.receivers,
            "vectors": np.asarray(graph.vectors, dtype=np.float64),
            "graph_of_atom": graph.graph_of_atom,
        }
        inputs = self._model.inputs(graph)
        packed = Packed(arrays | {f"input {name}": found for name, found in inputs.items()})
        tensors, held, marks = self._copy(packed)
        return _Staged(
            TensorGraph(
                **{name: tensors[name] for name in arrays},
                n_atoms=len(graph.numbers),
                n_graphs=graph.n_graphs,
                inputs={name: tensors[f"input {name}"] for name in inputs},
            ),
            held,
            marks,
        )

    def _copy(
        self, packed: Packed
    ) -> tuple[dict[str, torch.Tensor], list[torch.Tensor], tuple[Any, Any]]:
        """Tensors of packed arrays on the device, the memory behind them, and marks of the copy."""
        import torch

        if not self._is_cuda:
            start = time.perf_counter()
            whole = packed.host(pinned=False)
            return packed.tensors(whole), [whole], (start, time.perf_counter())
        with torch.cuda.device(self._device), torch.cuda.stream(self._copies):
            host = packed.host(pinned=True)
            before = _event(self._copies)
            whole = host.to(self._device, non_blocking=True)
            # The allocator keeps the pinned memory until this copy is done.
            return packed.tensors(whole), [whole], (before, _event(self._copies))

    def launch(self, staged: _Staged) -> _Launched:
        """Start the model on a staged graph, the sums, and the copy of the results."""
        import torch

        if not self._is_cuda:
            return self._launch(staged, None)
        with torch.cuda.device(self._device):
            stream = torch.cuda.current_stream()
            stream.wait_event(staged.ready or staged.marks[1])
            # The memory belongs to the stream of the copies, which must not use it too early again.
            for tensor in staged.held:
                tensor.record_stream(stream)
            return self._launch(staged, stream)

    def _launch(self, staged: _Staged, stream: Any) -> _Launched:
        import torch

        marks = [self._mark(stream)]
        before = self._reset_peak()
        found = self._model.evaluate_tensors(staged.graph)
        marks.append(self._mark(stream))
        if len(found) == 3:
            energy, forces, virials = found
        else:
            energy, gradient = found
            forces, virials = device_sums(staged.graph, gradient)
        flat = torch.cat([part.detach().double().reshape(-1) for part in (energy, forces, virials)])
        marks.append(self._mark(stream))
        if self._is_cuda:
            host = torch.empty(flat.shape, dtype=flat.dtype, pin_memory=True)
            host.copy_(flat, non_blocking=True)
            flat = host
        marks.append(self._mark(stream))
        peak = torch.cuda.max_memory_allocated(self._device) - before if self._is_cuda else 0
        sizes = staged.graph.n_graphs, staged.graph.n_atoms
        return _Launched(flat, sizes, staged.marks, marks, peak)

    def _mark(self, stream: Any) -> Any:
        return _event(stream) if self._is_cuda else time.perf_counter()

    def _reset_peak(self) -> int:
        import torch

        if not self._is_cuda:
            return 0
        torch.cuda.reset_peak_memory_stats(self._device)
        return int(torch.cuda.memory_allocated(self._device))


@dataclass(slots=True, eq=False)
class _Launched:
    """A batch that the device was told to evaluate."""

    flat: torch.Tensor
    sizes: tuple[int, int]
    copied: tuple[Any, Any]
    marks: list[Any]
    peak: int

    def result(self) -> BatchResult:
        """Wait for the results of the batch."""
        if not isinstance(self.marks[-1], float):
            self.marks[-1].synchronize()
        # Copied: pinned memory is scarce, and goes to the next batch.
        found: FloatArray = np.array(self.flat.numpy())
        n_graphs, n_atoms = self.sizes
        energy, forces, virials = np.split(found, [n_graphs, n_graphs + 3 * n_atoms])
        start, modelled, summed, back = self.marks
        return BatchResult(
            energy=energy,
            forces=forces.reshape(-1, 3),
            virials=virials.reshape(-1, 3, 3),
            transfer_s=_between(*self.copied) + _between(summed, back),
            model_s=_between(start, modelled),
            sums_s=_between(modelled, summed),
            peak_bytes=self.peak,
        )


def _event(stream: Any) -> Any:
    import torch

    event = torch.cuda.Event(enable_timing=True)
    event.record(stream)
    return event


def _between(start: Any, end: Any) -> float:
    """Seconds between two marks; events of CUDA count milliseconds."""
    if isinstance(start, float):
        return float(end - start)
    return float(start.elapsed_time(end)) / 1000.0
