"""Models of the nequip framework that were compiled to native code: ``.nequip.pt2``."""

from __future__ import annotations

import json
import platform
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.architectures.nequip.species import elements_of, type_index
from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, tensor_graph
from ms25_suite.architectures.torch_model import TorchForceModel
from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import DeviceRunner, Graph, ModelInfo

if TYPE_CHECKING:
    import torch

__all__ = ["CompiledNequipModel", "load_compiled", "read_metadata"]

_ONE_FRAME: Final = {"pos", "edge_index", "atom_types", "cell", "edge_cell_shift"}
_MANY_FRAMES: Final = _ONE_FRAME | {"batch", "num_atoms"}
_ISA_LEVELS: Final = {"AVX2": 1, "AVX512": 2, "AMX": 3}
_DIMER_LENGTH: Final = 0.6
"""Bond length of the dimer that is added to small inputs, over the cutoff."""


def load_compiled(path: Path, device: str) -> CompiledNequipModel:
    """Load a compiled model; its native code is executed.

    Raises
    ------
    ModelFileError
        It is for another kind of device or processor, or has unknown inputs.
    """
    metadata = read_metadata(path)
    # Native code is for one kind of device; unlike other models it cannot be moved afterwards.
    built_for = metadata.get("AOTI_DEVICE_KEY", "cpu")
    asked = device.partition(":")[0]
    if built_for != asked:
        msg = (
            f"{path} was compiled for the device {built_for!r} and cannot run on {device!r}. Use "
            f"--device={built_for}, or compile it again: nequip-compile --device {asked}"
        )
        raise ModelFileError(msg)
    if device not in (asked, f"{asked}:0"):
        msg = (
            f"{path} is a compiled model, which runs on the first GPU only, and {device!r} was "
            f"asked for. Use --device={asked} with CUDA_VISIBLE_DEVICES={device.partition(':')[2]}"
        )
        raise ModelFileError(msg)
    _require_processor(metadata, path)
    inputs, outputs = _fields(metadata, path)
    from nequip.model.inference_models import load_aotinductor_model
    from nequip.utils.global_state import set_global_state

    # As at compilation: with TF32 a GPU keeps only 10 bits of the mantissa in products.
    set_global_state(allow_tf32=bool(int(metadata.get("allow_tf32", "0"))))
    try:
        model, _ = load_aotinductor_model(str(path), asked, inputs, outputs)
    except Exception as error:
        import torch

        msg = (
            f"{path} is a compiled model that cannot be loaded here ({error!r}). Compiled models "
            f"are for the version of PyTorch that made them (here: {torch.__version__}): compile "
            "it again from its .ckpt or .nequip.zip with nequip-compile"
        )
        raise ModelFileError(msg) from error
    return CompiledNequipModel(model, metadata, asked, path)


def read_metadata(path: Path) -> dict[str, str]:
    """Metadata that nequip-compile wrote into a compiled model, read without loading it.

    Raises
    ------
    ModelFileError
        There is no metadata of nequip in it.
    """
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("_metadata.json")]
        try:
            found = [json.loads(archive.read(name)) for name in names]
        except ValueError:
            found = []
    for metadata in found:
        if {"r_max", "type_names"} <= set(metadata):
            return {str(key): str(value) for key, value in metadata.items()}
    msg = (
        f"{path} is a compiled PyTorch model, but does not state its cutoff and types of atoms: "
        "expected a file of nequip-compile (.nequip.pt2)"
    )
    raise ModelFileError(msg)


def _fields(metadata: Mapping[str, str], path: Path) -> tuple[list[str], list[str]]:
    """Names of the inputs and outputs of a compiled model, in their order."""
    inputs = metadata.get("nequip_aoti_inputs", "").split()
    outputs = metadata.get("nequip_aoti_outputs", "").split()
    known = set(inputs) in (_ONE_FRAME, _MANY_FRAMES)
    if not known or not {"atomic_energy", "forces"} <= set(outputs):
        msg = (
            f"{path}: expected a model compiled with --target ase, batch or pair_nequip by nequip "
            f"0.17 or newer, found one with the inputs {' '.join(inputs) or '(not stated)'} and "
            f"the outputs {' '.join(outputs) or '(not stated)'}"
        )
        raise ModelFileError(msg)
    return inputs, outputs


def _require_processor(metadata: Mapping[str, str], path: Path) -> None:
    """Refuse native code for another processor, which would crash the worker.

    Raises
    ------
    ModelFileError
        It needs another system, or instructions that this processor does not have.
    """
    import torch

    here = torch.backends.cpu.get_cpu_capability()
    needed = metadata.get("AOTI_CPU_ISA", "").upper()
    others = {
        "system": (metadata.get("AOTI_PLATFORM", sys.platform), sys.platform),
        "machine": (metadata.get("AOTI_MACHINE", platform.machine()), platform.machine()),
    }
    wrong = [f"{found} instead of {own}" for found, own in others.values() if found != own]
    # Only x86 has levels of instructions that follow from one another.
    if _ISA_LEVELS.get(needed.split("_")[0], 0) > _ISA_LEVELS.get(here, 0):
        wrong.append(f"{needed} instead of {here}")
    if wrong:
        msg = (
            f"{path} was compiled for another processor ({', '.join(wrong)}): compile it again on "
            "this machine from its .ckpt or .nequip.zip with nequip-compile"
        )
        raise ModelFileError(msg)


class CompiledNequipModel(TorchForceModel):
    """A compiled model, which takes positions and cells and returns forces and stresses.

    All atoms are put at the origin, the cell is the identity and the edge vectors are given as
    "cell shifts": the model computes ``r_j - r_i + shift @ cell``, so no digits are lost, and the
    force on an atom is the sum over its edges as in the true geometry. A strain acts on this cell
    as on the edges, and its volume is 1, so the "stress" of the model is the virial.

    The code is compiled for at least two atoms, two edges and, with the target ``batch``, two
    frames. A dimer is added to smaller inputs.

    Parameters
    ----------
    model
        Function from a dictionary of tensors to another, loaded by nequip.
    metadata
        Metadata of the file.
    device
        Where it runs.
    path
        Its file, for messages.
    """

    def __init__(self, model: Any, metadata: Mapping[str, str], device: str, path: Path) -> None:
        elements = elements_of(metadata["type_names"].split(), path)
        self._model = model
        self.device = device
        self._index = type_index(elements)
        self._batched = "batch" in metadata["nequip_aoti_inputs"].split()
        self._info = ModelInfo(
            elements=tuple(sorted(elements)), r_max=float(metadata["r_max"]), inputs=()
        )
        self._dimer = _dimer(elements[0], _DIMER_LENGTH * float(metadata["r_max"]))
        self._dimer_tensors: TensorGraph | None = None
        # With the target of one frame the dimer is part of the frame, so its virial is subtracted.
        self._dimer_virial = np.zeros((3, 3)) if self._batched else self._call(self._dimer)[2][0]

    @property
    def info(self) -> ModelInfo:
        """Elements and cutoff; the size of a compiled model is unknown."""
        return self._info

    @property
    def runner(self) -> DeviceRunner | None:
        """Batches on a GPU, if the model was compiled for many frames."""
        return super().runner if self._batched else None

    def inputs(self, graph: Graph) -> Arrays:
        """Types and numbers of atoms; see `TorchForceModel.inputs`."""
        return {
            "atom_types": self._index[graph.numbers],
            "num_atoms": np.bincount(graph.graph_of_atom, minlength=graph.n_graphs),
        }

    def evaluate_tensors(
        self, graph: TensorGraph
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Energies, forces and virials; for models that were compiled for many frames."""
        import torch

        is_large = graph.n_graphs > 1 and len(graph.senders) > 1
        whole = graph if is_large else self._with_dimer(graph)
        to = {"dtype": torch.float64, "device": whole.vectors.device}
        output = self._model(
            {
                # D_ij = 0 - 0 + shift @ 1: the edge vectors enter unchanged.
                "pos": torch.zeros(whole.n_atoms, 3, **to),
                "edge_index": torch.stack([whole.senders, whole.receivers]),
                "atom_types": whole.inputs["atom_types"],
                "cell": torch.eye(3, **to).repeat(whole.n_graphs, 1, 1),
                "edge_cell_shift": whole.vectors,
                "batch": whole.graph_of_atom,
                "num_atoms": whole.inputs["num_atoms"],
            }
        )
        energy = torch.zeros(whole.n_graphs, **to)
        atomic = output["atomic_energy"].double().reshape(-1)
        energy.index_add_(0, whole.graph_of_atom, atomic)
        virials = self._virial(output, whole.n_graphs)
        n_atoms, n_graphs = graph.n_atoms, graph.n_graphs
        return energy[:n_graphs], output["forces"][:n_atoms], virials[:n_graphs]

    def _with_dimer(self, graph: TensorGraph) -> TensorGraph:
        """A graph with one more frame, the dimer."""
        import torch

        if self._dimer_tensors is None:
            self._dimer_tensors = tensor_graph(self, self._dimer)
        dimer, n_atoms = self._dimer_tensors, graph.n_atoms
        return TensorGraph(
            senders=torch.cat([graph.senders, dimer.senders + n_atoms]),
            receivers=torch.cat([graph.receivers, dimer.receivers + n_atoms]),
            vectors=torch.cat([graph.vectors, dimer.vectors]),
            graph_of_atom=torch.cat([graph.graph_of_atom, dimer.graph_of_atom + graph.n_graphs]),
            n_atoms=n_atoms + dimer.n_atoms,
            n_graphs=graph.n_graphs + 1,
            inputs={
                name: torch.cat([found, dimer.inputs[name]]) for name, found in graph.inputs.items()
            },
        )

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies, forces and virials; see `ForceModel.evaluate`."""
        if self._batched:
            return self._evaluate_batch(graph)
        parts = [self._evaluate_one(one) for one in _split(graph)]
        energies, forces, virials = zip(*parts, strict=True)
        return np.concatenate(energies), np.concatenate(forces), np.concatenate(virials)

    def _evaluate_batch(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        if graph.n_graphs > 1 and len(graph.senders) > 1:
            return self._call(graph)
        energies, forces, virials = self._call(_join(graph, self._dimer, own_frame=True))
        return energies[: graph.n_graphs], forces[: len(graph.numbers)], virials[: graph.n_graphs]

    def _evaluate_one(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        n_atoms = len(graph.numbers)
        if n_atoms > 1 and len(graph.senders) > 1:
            return self._call(graph)
        # No edge joins the dimer to the frame, so the atoms of the frame do not notice it.
        joined = _join(graph, self._dimer, own_frame=False)
        output, _ = self._run(joined)
        # The sum over the frame's own atoms leaves out the energy of the dimer.
        energy = output["atomic_energy"].reshape(-1)[:n_atoms].sum(keepdims=True)
        # The virial is a sum over edges, from which that of the dimer can be taken away.
        virial = self._virial(output, 1) - self._dimer_virial
        return energy, output["forces"][:n_atoms], virial

    def _call(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        output, n_graphs = self._run(graph)
        atomic = output["atomic_energy"].reshape(-1)
        energy = np.zeros(n_graphs)
        np.add.at(energy, graph.graph_of_atom, atomic)
        return energy, output["forces"], self._virial(output, n_graphs)

    def _run(self, graph: Graph) -> tuple[dict[str, FloatArray], int]:
        import torch

        counts = np.bincount(graph.graph_of_atom, minlength=graph.n_graphs)
        arrays = {
            # D_ij = 0 - 0 + shift @ 1: the edge vectors enter unchanged.
            "pos": np.zeros((len(graph.numbers), 3)),
            "edge_index": np.stack([graph.senders, graph.receivers]),
            "atom_types": self._index[graph.numbers],
            "cell": np.tile(np.eye(3), (graph.n_graphs, 1, 1)),
            "edge_cell_shift": graph.vectors,
        }
        if self._batched:
            arrays.update(batch=graph.graph_of_atom, num_atoms=counts)
        data = {
            name: torch.from_numpy(np.array(array)).to(self.device)
            for name, array in arrays.items()
        }
        output = self._model(data)
        found = {name: value.double().cpu().numpy() for name, value in output.items()}
        return found, graph.n_graphs

    def _virial(self, output: Mapping[str, Any], n_graphs: int) -> Any:
        # The target pair_nequip returns LAMMPS' virial, of the other sign.
        found = output["stress"] if "stress" in output else -output["virial"]
        return found.reshape(n_graphs, 3, 3)


def _dimer(number: int, length: float) -> Graph:
    vector = np.array([length, 0.0, 0.0])
    return Graph(
        numbers=np.array([number, number]),
        senders=np.array([0, 1]),
        receivers=np.array([1, 0]),
        vectors=np.stack([vector, -vector]),
        graph_of_atom=np.zeros(2, dtype=np.int64),
        n_graphs=1,
    )


def _join(graph: Graph, other: Graph, *, own_frame: bool) -> Graph:
    """Both graphs in one, the second as a frame of its own or as a part of the last frame."""
    n_atoms = len(graph.numbers)
    frame = graph.n_graphs if own_frame else graph.n_graphs - 1
    return Graph(
        numbers=np.concatenate([graph.numbers, other.numbers]),
        senders=np.concatenate([graph.senders, other.senders + n_atoms]),
        receivers=np.concatenate([graph.receivers, other.receivers + n_atoms]),
        vectors=np.concatenate([graph.vectors, other.vectors]),
        graph_of_atom=np.concatenate([graph.graph_of_atom, other.graph_of_atom + frame]),
        n_graphs=frame + 1,
    )


def _split(graph: Graph) -> list[Graph]:
    """One graph for each frame; edges are in the order of the frames."""
    # Atoms and edges are in the order of the frames: their limits are found by bisection.
    atoms = np.searchsorted(graph.graph_of_atom, np.arange(graph.n_graphs + 1))
    edges = np.searchsorted(graph.graph_of_atom[graph.senders], np.arange(graph.n_graphs + 1))
    return [
        Graph(
            numbers=graph.numbers[atoms[k] : atoms[k + 1]],
            senders=graph.senders[edges[k] : edges[k + 1]] - atoms[k],
            receivers=graph.receivers[edges[k] : edges[k + 1]] - atoms[k],
            vectors=graph.vectors[edges[k] : edges[k + 1]],
            graph_of_atom=np.zeros(atoms[k + 1] - atoms[k], dtype=np.int64),
            n_graphs=1,
        )
        for k in range(graph.n_graphs)
    ]
