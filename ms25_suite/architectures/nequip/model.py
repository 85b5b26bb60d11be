"""NequIP and Allegro: Nat. Commun. 13, 2453 (2022) and 14, 579 (2023).

Allegro is an extension of the nequip package: files, loading and evaluation are the same.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np

from ms25_suite.architectures.nequip.compiled import load_compiled
from ms25_suite.architectures.nequip.species import elements_of, type_index
from ms25_suite.architectures.torch_device import expect_device
from ms25_suite.architectures.torch_graph import Arrays, TensorGraph, edge_gradient
from ms25_suite.architectures.torch_model import TorchModel
from ms25_suite.architectures.torch_sim_evaluator import TorchSimEvaluator, expect_torch_sim
from ms25_suite.core.errors import ArchitectureNotInstalledError, ModelFileError
from ms25_suite.potentials.base import (
    Architecture,
    EdgeModel,
    Evaluator,
    ForceModel,
    Graph,
    ModelInfo,
)
from ms25_suite.potentials.model_file import FileSummary, summarise

if TYPE_CHECKING:
    import torch

__all__ = ["AllegroArchitecture", "NequipArchitecture", "NequipModel", "require_version"]

_OLDEST: Final = (0, 17)
"""First nequip with the interface used here, in which compiled models name their inputs."""

_ALONE: Final = "sole_model"
"""Name of the model in a file that holds one; nequip's `_SOLE_MODEL_KEY`."""

Kind = Literal["checkpoint", "package", "compiled"]


class _NequipFamily(Architecture):
    """Files of the nequip framework: ``.ckpt``, ``.nequip.zip`` and ``.nequip.pt2``.

    A checkpoint is rebuilt by the installed code from the configuration in it, a package holds
    its own code, a compiled model is native code for one kind of device and processor.
    """

    environment = "nequip"
    compiled_target = "batch"

    _target: ClassVar[str]
    """Function that builds a model."""

    _tiny: ClassVar[dict[str, Any]]
    """Its arguments for `untrained`."""

    def recognises(self, summary: FileSummary) -> bool:
        """Whether the file is of the nequip framework, and of this one of its architectures."""
        return _kind(summary) is not None and _architecture(summary) == self.name

    def load(self, path: Path, *, device: str, dtype: str) -> Any:
        """Load a model; code in the file is executed.

        It computes in the floating-point type that it was built with, whatever ``dtype`` is: the
        framework cannot change it, and its own calculator does the same.
        """
        require_version(self.name)
        # It takes its geometry in double precision whatever the weights are.
        expect_device(device, "float64")
        kind = _kind(summarise(path))
        if kind == "compiled":
            return load_compiled(path, device)
        import torch
        from nequip.utils.global_state import set_global_state

        set_global_state(allow_tf32=False)
        try:
            model = _load_package(path) if kind == "package" else _load_checkpoint(path)
        except Exception as error:
            hint = (
                ". A checkpoint of a training that started from another model needs that model's "
                "file where it was; nequip-package makes a file that needs no other"
                if "is not found" in str(error)
                else ""
            )
            msg = f"{path} looks like a {self.name} {kind} but cannot be loaded: {error!r}{hint}"
            raise ModelFileError(msg) from error
        if not isinstance(model, torch.nn.Module) or not hasattr(model, "type_names"):
            msg = f"{path}: expected one model of the nequip framework, found {type(model)!r}"
            raise ModelFileError(msg)
        return NequipModel(model, device, path)

    def own_calculator(self, path: Path, *, device: str, dtype: str, **known: Any) -> Any:
        """``NequIPCalculator``, in the floating-point type that the model was built with.

        Returns
        -------
        :
            The calculator; None for a model that was compiled for another use than ASE.
        """
        del dtype, known
        require_version(self.name)
        from nequip.integrations.ase import NequIPCalculator

        return _by_the_package(NequIPCalculator, path, device=device)

    def torch_sim(self, path: Path, *, device: str, dtype: str, **known: Any) -> Evaluator | None:
        """``NequIPTorchSimCalc``."""
        del dtype, known
        require_version(self.name)
        with expect_torch_sim():
            from nequip.integrations.torchsim import NequIPTorchSimCalc

            made = _by_the_package(NequIPTorchSimCalc, path, device=device)
        return None if made is None else TorchSimEvaluator(made)

    def untrained(self) -> NequipModel:
        """A tiny model for H and O with random weights."""
        from hydra.utils import get_method
        from nequip.utils.global_state import set_global_state

        set_global_state(allow_tf32=False)
        types = ["H", "O"]
        shared = {"seed": 0, "model_dtype": "float64", "type_names": types, "r_max": 3.0}
        scales = {"per_type_energy_scales": 1.0, "per_type_energy_shifts": 0.0}
        build = get_method(self._target)
        model = build(**shared, **scales, avg_num_neighbors=4.0, l_max=1, **self._tiny)
        return NequipModel(model, "cpu", Path("untrained"))


class NequipArchitecture(_NequipFamily):
    """NequIP: message passing with equivariant features."""

    name = "nequip"
    package = "nequip"
    distributions = ("nequip", "torch", "e3nn")
    requirement = "nequip>=0.19"
    trainer = "ms25_suite.architectures.nequip.trainer:NequipTrainer"
    _target = "nequip.model.NequIPGNNModel"
    _tiny: ClassVar[dict[str, Any]] = {
        "num_layers": 2,
        "parity": False,
        "num_features": 2,
        "radial_mlp_width": 4,
    }


class AllegroArchitecture(_NequipFamily):
    """Allegro: strictly local equivariant features of pairs."""

    name = "allegro"
    package = "allegro"
    distributions = ("nequip-allegro", "nequip", "torch", "e3nn")
    requirement = "nequip-allegro>=0.8"
    trainer = "ms25_suite.architectures.nequip.trainer:AllegroTrainer"
    accelerators = (
        "cuequivariance-torch",
        "cuequivariance-ops-torch-cu12",
        "cuequivariance-ops-torch-cu13",
    )
    _target = "allegro.model.AllegroModel"
    _tiny: ClassVar[dict[str, Any]] = {
        "num_layers": 1,
        "parity": False,
        "num_scalar_features": 4,
        "num_tensor_features": 2,
        "radial_chemical_embed": {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": 4,
        },
    }

    def compiled_for(self, device: str, accelerators: Collection[str]) -> str:
        """Native code, unless a GPU has the kernels of `faster`, which need no compilation."""
        has_kernels = any(name.startswith("cuequivariance-ops") for name in accelerators)
        return "" if device.startswith("cuda") and has_kernels else self.compiled_target

    def faster(
        self, model: EdgeModel | ForceModel, *, device: str
    ) -> Mapping[str, Callable[[], NequipModel]]:
        """The tensor product of cuEquivariance, on a GPU where it is installed.

        Not for NequIP, which it makes slower (by a factor of 2.5 on an H100).
        """
        from importlib.util import find_spec

        known = device.startswith("cuda") and find_spec("cuequivariance_ops_torch") is not None
        if not known or not isinstance(model, NequipModel):
            return {}
        return {"cuEquivariance": partial(model.modified, "enable_CuEquivarianceContracter")}


class NequipModel(TorchModel):
    """A model of the nequip framework that was not compiled.

    The edge vectors are given directly: the framework takes them instead of computing them from
    positions, as its interface to LAMMPS does.

    Parameters
    ----------
    model
        A ``GraphModel`` of nequip, or of the nequip in a package.
    device
        Where to put it.
    path
        Its file, for messages.
    """

    def __init__(self, model: Any, device: str, path: Path) -> None:
        from nequip.model.modify_utils import modify

        model = model.eval().to(device)
        n_parameters = 0
        for parameter in model.parameters():
            n_parameters += parameter.numel()
            parameter.requires_grad_(False)
        types = list(model.type_names)
        elements = elements_of(types, path)
        self._index = type_index(elements)
        self.device = device
        self.precision = next(
            (
                str(parameter.dtype).removeprefix("torch.")
                for parameter in model.parameters()
                if parameter.is_floating_point()
            ),
            "",
        )
        self._info = ModelInfo(
            elements=tuple(sorted(elements)),
            r_max=float(model.metadata["r_max"]),
            n_layers=_n_layers(model),
            n_parameters=n_parameters,
            inputs=(),
        )
        # Derivatives with respect to the edges are taken in `evaluate`.
        self._model = modify(model, [{"modifier": "disable_ForceStressOutput"}])

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size."""
        return self._info

    def modified(self, modifier: str) -> NequipModel:
        """The same model, changed by a function of the framework that has this name."""
        from nequip.model.modify_utils import modify

        made = copy.copy(self)
        # It holds the model.
        vars(made).pop("_runner", None)
        made._model = modify(copy.deepcopy(self._model), [{"modifier": modifier}])
        made._model.eval().to(self.device)
        for parameter in made._model.parameters():
            parameter.requires_grad_(False)
        return made

    def inputs(self, graph: Graph) -> Arrays:
        """Types and numbers of atoms; see `TorchModel.inputs`."""
        return {
            "atom_types": self._index[graph.numbers],
            "num_atoms": np.bincount(graph.graph_of_atom, minlength=graph.n_graphs),
        }

    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and ``dE/dD``; see `TorchModel.evaluate_tensors`."""
        import torch

        # nequip takes geometry in float64 whatever the type of the weights, and may write to it.
        vectors = graph.vectors.detach().clone().requires_grad_(True)
        output = self._model(
            {
                "pos": torch.zeros(graph.n_atoms, 3, dtype=vectors.dtype, device=vectors.device),
                "edge_vectors": vectors,
                "edge_index": torch.stack([graph.senders, graph.receivers]),
                "batch": graph.graph_of_atom,
                **graph.inputs,
            }
        )
        energy = output["total_energy"].reshape(-1)
        return energy, edge_gradient(energy, vectors)


def _by_the_package(interface: Any, path: Path, **options: Any) -> Any:
    """An interface of nequip to a model file; None if the file was compiled for another one."""
    from nequip.utils.global_state import set_global_state

    set_global_state(allow_tf32=False)
    # Elements in the order of the model's types, as the adapter has them.
    options["chemical_species_to_atom_type_map"] = True
    if _kind(summarise(path)) != "compiled":
        with _named_package(path) as named:
            return interface._from_saved_model(str(named), **options)
    try:
        return interface.from_compiled_model(str(path), **options)
    except (AssertionError, KeyError, ValueError, RuntimeError):
        # Each interface expects the inputs of its own target of nequip-compile.
        return None


def _kind(summary: FileSummary) -> Kind | None:
    """Kind of a file of nequip; None if it is none."""
    if any(name.startswith("data/aotinductor/") for name in summary.members):
        return "compiled"
    if "model/package_metadata.txt" in summary.members:
        return "package"
    texts = summary.pickle_strings
    if "pytorch-lightning_version" in texts and any(
        text.startswith(("nequip.", "allegro.")) for text in texts
    ):
        return "checkpoint"
    return None


def _architecture(summary: FileSummary) -> str:
    """``nequip`` or ``allegro``.

    A compiled model does not state it; the suite's sidecar may. Without either it is taken for
    NequIP: both are evaluated in the same way, and only the name in the report is wrong.
    """
    names = summary.pickle_globals | summary.pickle_strings
    if any(name.startswith("allegro.") or ".allegro." in name for name in names):
        return "allegro"
    sidecar = summary.path.with_name(summary.path.name + ".json")
    try:
        stated = json.loads(sidecar.read_text(encoding="utf-8"))["architecture"]
    except (OSError, ValueError, KeyError, TypeError):
        stated = None
    return "allegro" if stated == "allegro" else "nequip"


def require_version(architecture: str) -> None:
    """Refuse a nequip that is older than the interface used here.

    Raises
    ------
    ArchitectureNotInstalledError
        It is too old.
    """
    from importlib.metadata import version

    found = version("nequip")
    if tuple(int(part) for part in found.split(".")[:2]) < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        msg = (
            f"the architecture {architecture!r} needs nequip {wanted} or newer, and nequip "
            f"{found} is installed. Update it, or remove it from this environment and run: "
            f"ms25 env create {architecture}"
        )
        raise ArchitectureNotInstalledError(msg)


def _load_checkpoint(path: Path) -> Any:
    from nequip.model.modify_utils import only_apply_persistent_modifiers
    from nequip.model.saved_models import ModelFromCheckpoint

    with only_apply_persistent_modifiers(persistent_only=True):
        return ModelFromCheckpoint(str(path))[_ALONE]


def _load_package(path: Path) -> Any:
    from nequip.model.saved_models import ModelFromPackage

    with _named_package(path) as named:
        return ModelFromPackage(str(named))[_ALONE]


@contextmanager
def _named_package(path: Path) -> Iterator[Path]:
    """The file under a name by which nequip recognises it: a package ends in ``.nequip.zip``."""
    if _kind(summarise(path)) != "package" or path.name.endswith(".nequip.zip"):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ms25-nequip-") as folder:
        link = Path(folder) / "model.nequip.zip"
        try:
            link.symlink_to(path.resolve())
        except OSError:
            link.write_bytes(path.read_bytes())
        yield link


def _n_layers(model: Any) -> int | None:
    """Number of message-passing layers; 1 for Allegro, which is strictly local.

    By the names of the classes: a packaged model has its own classes, not the installed ones.
    """
    names = [type(module).__name__ for module in model.modules()]
    if "Allegro_Module" in names:
        return 1
    return names.count("ConvNetLayer") or None
