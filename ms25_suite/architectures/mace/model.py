"""MACE: Batatia et al., NeurIPS 35, 11423 (2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.architectures.mace.inputs import Heads, always_given, embedded_inputs, probe_inputs
from ms25_suite.architectures.torch_device import expect_device
from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, edge_gradient, tensor_graph
from ms25_suite.architectures.torch_model import TorchModel
from ms25_suite.architectures.torch_sim_evaluator import TorchSimEvaluator, expect_torch_sim
from ms25_suite.core.errors import ModelFileError, NotApplicableError
from ms25_suite.potentials.base import (
    Architecture,
    EdgeModel,
    Evaluator,
    ForceModel,
    Graph,
    ModelInfo,
)
from ms25_suite.potentials.kernels.backend import Backend

if TYPE_CHECKING:
    import torch

    from ms25_suite.potentials.model_file import FileSummary

__all__ = ["MaceArchitecture", "MaceModel"]

_CONVERTERS: Final = {
    "cueq": "mace.cli.convert_e3nn_cueq",
    "oeq": "mace.cli.convert_e3nn_oeq",
}
"""Modules of MACE that convert models to the kernels of another library."""

_LONG_RANGE: Final = ("MACELES", "PolarMACE")
"""Classes of MACE whose energy has terms beyond the cutoff (``mace/modules/extensions.py``)."""


class MaceArchitecture(Architecture):
    """Files written by ``mace_run_train``: ``.model`` and the TorchScript ``_compiled.model``."""

    name = "mace"
    package = "mace"
    distributions = ("mace-torch", "torch", "e3nn")
    accelerators = (
        "cuequivariance-torch",
        "cuequivariance-ops-torch-cu12",
        "cuequivariance-ops-torch-cu13",
        "openequivariance",
    )
    backends = (
        Backend("e3nn"),
        Backend(
            "cueq",
            ("cuequivariance-ops-torch-cu12", "cuequivariance-ops-torch-cu13"),
            "pip install cuequivariance-torch cuequivariance-ops-torch-cu12 (or -cu13)",
            ("cuda",),
        ),
        Backend("oeq", ("openequivariance",), "pip install openequivariance", ("cuda",)),
        Backend("compile"),
    )
    requirement = "ms25-suite[mace]"
    trainer = "ms25_suite.architectures.mace.trainer:MaceTrainer"
    revision = 3
    has_heads = True

    def recognises(self, summary: FileSummary) -> bool:
        """Whether the pickle imports MACE, or the TorchScript archive holds its code."""
        return any(name.startswith("mace.") for name in summary.pickle_globals) or any(
            name.startswith("code/__torch__/mace/") for name in summary.members
        )

    def load(self, path: Path, *, device: str, dtype: str, head: str = "") -> MaceModel:
        """Load a whole MACE model; its pickle is executed.

        Parameters
        ----------
        path, device, dtype
            See `Architecture.load`.
        head
            Head that all frames are evaluated with; empty for the choice of `Heads`.
        """
        import mace.modules.models  # noqa: F401  (the pickle needs it; and it must come before torch.load)
        import torch

        # MACE creates tensors of the default type in its forward pass; they must match the weights.
        torch.set_default_dtype(getattr(torch, dtype))
        # The CPU fuser compiles again for each shape, and each batch has another shape.
        torch._C._jit_set_texpr_fuser_enabled(False)
        expect_device(device, dtype)
        try:
            model = torch.load(path, map_location=device, weights_only=False)
        except Exception as error:
            msg = f"{path} looks like a MACE model but cannot be loaded: {error!r}"
            raise ModelFileError(msg) from error
        for attribute in ("r_max", "atomic_numbers"):
            if not hasattr(model, attribute):
                msg = f"{path}: expected a MACE model with `{attribute}`, found {type(model)!r}"
                raise ModelFileError(msg)
        loaded = MaceModel(
            # Code that e3nn has compiled comes to the CPU, whatever map_location says.
            model.to(device=device, dtype=getattr(torch, dtype)).eval(),
            device,
            Heads(_heads(model), path, head),
        )
        if loaded.reads_positions():
            msg = (
                f"{path}: the energy of this model ({_kind(model)}) depends on more than the "
                f"distances within its cutoff of {float(model.r_max):g} Å, as that of models with "
                "long-range electrostatics does. The suite evaluates MACE on edges only. Wrap the "
                "model in a calc.py with MACECalculator"
            )
            raise ModelFileError(msg)
        return loaded

    def own_calculator(self, path: Path, *, device: str, dtype: str, **known: Any) -> Any:
        """``MACECalculator``, which gets the charge, the spin, … that the suite gives the model.

        Raises
        ------
        NotApplicableError
            The model has several heads, and none was chosen: MACE's calculator takes one for all
            frames.
        """
        from mace.calculators import MACECalculator

        given = {"head": known["head"]} if known.get("head") else {}
        calculator = MACECalculator(
            model_paths=str(path), device=device, default_dtype=dtype, **given
        )
        (model,) = calculator.models
        heads = _heads(model)
        if len(heads) > 1 and not given:
            msg = (
                f"{path} has the heads {', '.join(heads)}: MACECalculator takes one for all frames"
                f". Choose it: {path}:head=NAME"
            )
            raise NotApplicableError(msg)
        for one in embedded_inputs(model):
            keys = calculator.arrays_keys if one.per == "atom" else calculator.info_keys
            keys.setdefault(one.feature, one.key)
        return calculator

    def torch_sim(self, path: Path, *, device: str, dtype: str, **known: Any) -> Evaluator:
        """``MaceTorchSimModel``."""
        with expect_torch_sim():
            import torch
            from mace.calculators.mace_torchsim import MaceTorchSimModel

            to: dict[str, Any] = {"device": torch.device(device), "dtype": getattr(torch, dtype)}
            to["head"] = known.get("head") or None
            return TorchSimEvaluator(MaceTorchSimModel(str(path), **to))

    def faster(
        self, model: EdgeModel | ForceModel, *, device: str
    ) -> Mapping[str, Callable[[], MaceModel]]:
        """The kernels of cuEquivariance and OpenEquivariance, on a GPU where they are installed.

        On a CPU cuEquivariance has none, and takes twice as long as e3nn.
        """
        from importlib.util import find_spec

        assert isinstance(model, MaceModel)
        if not device.startswith("cuda"):
            return {}
        known = {
            "cuEquivariance": ("cuequivariance_ops_torch", _CONVERTERS["cueq"]),
            "OpenEquivariance": ("openequivariance", _CONVERTERS["oeq"]),
        }
        return {
            name: partial(_converted, module, model, device)
            for name, (package, module) in known.items()
            if find_spec(package) is not None
        }

    def with_backend(self, model: EdgeModel | ForceModel, name: str, *, device: str) -> MaceModel:
        """The model with other kernels, or compiled; see `Architecture.with_backend`."""
        assert isinstance(model, MaceModel)
        if name == "e3nn":
            return MaceModel(model.network, device, model.heads)
        if name == "compile":
            return _compiled(model, device)
        return _converted(_CONVERTERS[name], model, device)

    def allow_tf32(self) -> None:
        """See `Architecture.allow_tf32`."""
        import torch

        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True


def _compiled(model: MaceModel, device: str) -> MaceModel:
    """A model of the same weights that PyTorch's compiler has translated.

    MACE's own recipe for it (``compile_mode`` of `MACECalculator`): modules without the code that
    e3nn generates, which the compiler cannot read.
    """
    import torch
    from mace.tools.compile import prepare
    from mace.tools.scripts_utils import extract_model

    network = prepare(extract_model)(model=model.network, map_location=device)
    dtype = next(model.network.parameters()).dtype
    plain = MaceModel(network.to(device=device, dtype=dtype).eval(), device, model.heads)
    # One program for all numbers of atoms and edges.
    plain.network = torch.compile(plain.network, dynamic=True)
    return plain


def _converted(module: str, model: MaceModel, device: str) -> MaceModel:
    """A model of the same weights with the kernels of another library.

    Parameters
    ----------
    module
        Module of MACE that converts models.
    model
        The plain model.
    device
        Where it is.
    """
    import copy
    import importlib

    convert = importlib.import_module(module).run
    # MACE chooses kernels by the kind of device, without its number.
    made = convert(copy.deepcopy(model.network), device=device.partition(":")[0])
    return MaceModel(made.to(device).eval(), device, model.heads)


def _heads(model: Any) -> list[str]:
    """Heads of a module of MACE; those of old versions have none."""
    return list(getattr(model, "heads", None) or ["Default"])


def _kind(model: Any) -> str:
    """Class of a model, also of one that was compiled by TorchScript."""
    return str(getattr(model, "original_name", type(model).__name__))


class MaceModel(TorchModel):
    """A loaded MACE model.

    The edge vectors are given as MACE's periodic shifts, with every atom at the origin: MACE adds
    ``r_j - r_i`` to the shift to get the vector, so no digits are lost.

    Parameters
    ----------
    model
        ``torch.nn.Module`` with the interface of ``mace.modules.MACE``, already on the device.
    device
        Where it is.
    heads
        Its heads.

    Attributes
    ----------
    network
        The module.
    heads
        Its heads.
    """

    def __init__(self, model: Any, device: str, heads: Heads) -> None:
        import torch

        self.network = model
        self.heads = heads
        self._embedded = embedded_inputs(model)
        embedded = {one.feature for one in self._embedded}
        # What the model embeds, and what MACE's data have in any case; each once.
        self._given = (
            *(one for one in always_given() if one.feature not in embedded),
            *self._embedded,
        )
        self.device = device
        n_parameters = 0
        for parameter in model.parameters():
            n_parameters += parameter.numel()
            # Only derivatives by the edges are needed: without those by the weights less is stored.
            parameter.requires_grad_(False)
        self._dtype = next(
            (p.dtype for p in model.parameters() if p.is_floating_point()),
            torch.get_default_dtype(),
        )
        elements = [int(z) for z in model.atomic_numbers]
        self._index = np.full(max(elements) + 1, -1)
        self._index[elements] = np.arange(len(elements))
        layers = getattr(model, "num_interactions", None)
        self._info = ModelInfo(
            elements=tuple(sorted(elements)),
            r_max=float(model.r_max),
            n_layers=None if layers is None else int(layers),
            n_parameters=n_parameters,
            inputs=tuple(one.name for one in self._embedded)
            + (("head",) if heads.by_frame else ()),
            heads=heads.names if len(heads.names) > 1 else (),
        )
        self._numpy_dtype = np.dtype(str(self._dtype).removeprefix("torch."))
        self._one_hot = torch.eye(len(elements), dtype=self._dtype, device=device)

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size."""
        return self._info

    def inputs(self, graph: Graph) -> Arrays:
        """Species, heads, charges, …; see `TorchModel.inputs`."""
        counts = np.bincount(graph.graph_of_atom, minlength=graph.n_graphs)
        return {
            "species": self._index[graph.numbers],
            "ptr": np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]),
            "head": self.heads.of(graph),
            **{
                one.feature: np.asarray(one.values(graph), dtype=self._numpy_dtype)
                for one in self._given
            },
        }

    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and ``dE/dD``; see `TorchModel.evaluate_tensors`."""
        vectors = graph.vectors.to(self._dtype).detach().requires_grad_(True)
        # MACE's own forces are derivatives by the positions, which are all zero here. The
        # derivative by the edges gives forces and virial (`ms25_suite.potentials.batching.sums`).
        data = self._data(graph, vectors)
        energy = self.network(data, training=False, compute_force=False)["energy"]
        return energy, edge_gradient(energy, vectors)

    def reads_positions(self) -> bool:
        """Whether the energy changes if two atoms keep their edges but not their positions.

        Models with long-range terms (MACELES, PolarMACE) sum over the positions of all atoms.
        """
        import torch

        if _kind(self.network) in _LONG_RANGE:
            return True
        numbers = np.full(2, min(self._info.elements or (1,)))
        vector = np.array([[0.0, 0.0, 0.6 * float(self.network.r_max)]])
        edges = (np.array([0, 1]), np.array([1, 0]), np.concatenate([vector, -vector]))
        inputs = probe_inputs(self._embedded, self.heads)
        graph = Graph(numbers, *edges, np.zeros(2, dtype=np.int64), 1, inputs)
        energies = []
        for positions in (np.zeros((2, 3)), np.concatenate([np.zeros((1, 3)), vector])):
            # The same vectors: what the positions add is taken off the shifts.
            shifts = graph.vectors + positions[[0, 1]] - positions[[1, 0]]
            there = tensor_graph(self, replace(graph, vectors=shifts))
            data = self._data(there, there.vectors.to(self._dtype))
            data["positions"] = torch.from_numpy(positions).to(self._dtype).to(self.device)
            try:
                output = self.network(data, training=False, compute_force=False)
                energies.append(float(output["energy"]))
            except (RuntimeError, KeyError, ValueError, TypeError, IndexError):
                # It cannot be evaluated at all: the first prediction says so.
                return False
        return abs(energies[1] - energies[0]) > 1e-4 * max(1.0, abs(energies[0]))

    def _data(self, graph: TensorGraph, vectors: torch.Tensor) -> dict[str, torch.Tensor]:
        """What MACE reads of a graph."""
        import torch

        to = {"dtype": self._dtype, "device": vectors.device}
        inputs = dict(graph.inputs)
        return {
            "positions": torch.zeros(graph.n_atoms, 3, **to),
            # One row of the identity for each atom: one_hot may look at its values on the host.
            "node_attrs": self._one_hot[inputs.pop("species")],
            "edge_index": torch.stack([graph.senders, graph.receivers]),
            # D = positions[receiver] - positions[sender] + shifts (get_edge_vectors_and_lengths).
            "shifts": vectors,
            # MACE reads unit shifts and cell for a stress of its own, which is not requested.
            "unit_shifts": torch.zeros_like(vectors),
            "cell": torch.zeros(3 * graph.n_graphs, 3, **to),
            "batch": graph.graph_of_atom,
            **inputs,
        }
