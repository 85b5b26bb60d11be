"""The contract between the suite and an architecture.

Every architecture of the paper is a function of edge vectors: given atomic numbers and the edges
``(i, j, D_ij)`` shorter than ``r_max``, it returns an energy for each graph and ``dE/dD``. That
is all that an adapter has to do. Neighbour lists, batching, forces, stress, the ASE calculator and
molecular dynamics are built on top of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray, Predictions
from ms25_suite.core.inputs import Inputs
from ms25_suite.lammps.images import Images
from ms25_suite.potentials.kernels.backend import Backend

if TYPE_CHECKING:
    from ms25_suite.potentials.model_file import FileSummary

__all__ = [
    "Architecture",
    "BatchResult",
    "BatchRunner",
    "DeviceDynamics",
    "DeviceRunner",
    "EdgeModel",
    "Evaluator",
    "ForceModel",
    "Graph",
    "Launched",
    "ModelInfo",
]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Atoms and edges of one or more frames, without edges between frames.

    Parameters
    ----------
    numbers
        Atomic numbers, shape ``(n_atoms,)``.
    senders, receivers
        Atoms i and j of each edge, shape ``(n_edges,)``. Each pair is there in both directions;
        an atom and its own periodic image are an edge too. Edges of a frame lie together, in the
        order of the frames.
    vectors
        ``D = r_j - r_i`` in Å with the periodic shift included, shape ``(n_edges, 3)``.
    graph_of_atom
        Index of the frame of each atom, ascending, shape ``(n_atoms,)``.
    n_graphs
        Number of frames.
    inputs
        Charge, spin, … of the frames, for models that take them (`ModelInfo.inputs`).
    """

    numbers: IntArray
    senders: IntArray
    receivers: IntArray
    vectors: FloatArray
    graph_of_atom: IntArray
    n_graphs: int
    inputs: Inputs = field(default_factory=Inputs)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Properties of a loaded potential.

    Parameters
    ----------
    elements
        Atomic numbers of its elements, ascending; None if unknown.
    r_max
        Cutoff of the edges in Å; None if unknown.
    n_layers
        Number of message-passing layers (1: strictly local); None if unknown. ``r_max`` times
        this number is the receptive field.
    n_parameters
        Number of trainable parameters; None if unknown.
    inputs
        Names of the inputs besides the structure that it reads (``total_charge``, …,
        `ms25_suite.core.inputs`); None if unknown.
    acceleration
        Which faster form of the model is used and how much it differs, or why none is; empty where
        none was asked for, or there is none (`ms25_suite.potentials.workers.acceleration`).
    precision
        Floating-point type of the weights, if the model computes in that whatever type was asked
        for; empty if it takes the one that was asked for.
    heads
        Its heads, in the order of the model; empty if it has one only.
    """

    elements: tuple[int, ...] | None = None
    r_max: float | None = None
    n_layers: int | None = None
    n_parameters: int | None = None
    inputs: tuple[str, ...] | None = None
    acceleration: str = ""
    precision: str = ""
    heads: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for the wire and for JSON."""
        return {
            "elements": None if self.elements is None else list(self.elements),
            "r_max": self.r_max,
            "n_layers": self.n_layers,
            "n_parameters": self.n_parameters,
            "inputs": None if self.inputs is None else list(self.inputs),
            "acceleration": self.acceleration,
            "precision": self.precision,
            "heads": list(self.heads),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> ModelInfo:
        """Inverse of `to_dict`."""
        # Records of earlier versions have no heads.
        lists = {name: record[name] for name in ("elements", "inputs")}
        lists["heads"] = record.get("heads", [])
        return cls(
            **record
            | {name: None if values is None else tuple(values) for name, values in lists.items()}
        )


@dataclass(frozen=True, slots=True, eq=False)
class BatchResult:
    """What a batch gave.

    Parameters
    ----------
    energy
        Energy of each frame in eV, shape ``(n_graphs,)``.
    forces
        Forces in eV/Å, shape ``(n_atoms, 3)``.
    virials
        ``dE/d(strain)`` in eV (stress times volume), shape ``(n_graphs, 3, 3)``.
    transfer_s, model_s, sums_s
        Seconds for the copies between host and device, the model, and the sums over edges.
    peak_bytes
        Memory of the device that the batch took; zero if unknown.
    """

    energy: FloatArray
    forces: FloatArray
    virials: FloatArray
    transfer_s: float = 0.0
    model_s: float = 0.0
    sums_s: float = 0.0
    peak_bytes: int = 0


class Launched(Protocol):
    """A batch that a device was told to evaluate."""

    def result(self) -> BatchResult:
        """Wait for it."""
        ...


class DeviceDynamics(Protocol):
    """Evaluates one system on a device, step after step."""

    def step(self, numbers: IntArray, images: Images) -> tuple[float, FloatArray, FloatArray]:
        """Energy in eV, forces in eV/Å, shape ``(n_atoms, 3)``, and virial in eV, ``(3, 3)``.

        Parameters
        ----------
        numbers
            Atomic numbers in the order of LAMMPS' atoms, shape ``(n_atoms,)``.
        images
            Those atoms and their images.
        """
        ...


class BatchRunner(Protocol):
    """Evaluates batches."""

    @property
    def card(self) -> str:
        """Name of the device, for what is remembered about it; empty for the host itself."""
        ...

    @property
    def in_flight(self) -> int:
        """Number of batches that may be under way when another one is launched."""
        ...

    def available(self) -> int:
        """Memory in bytes that a batch may take at present."""
        ...

    def stage(self, graph: Graph) -> Any:
        """Copy a graph to the device, for `launch`. Called in another thread than `launch`."""
        ...

    def launch(self, staged: Any) -> Launched:
        """Start to evaluate what `stage` returned: the model, and sums over its edges.

        Raises
        ------
        Exception
            Memory is exhausted: what `ms25_suite.potentials.batching.memory` recognises.
        """
        ...

    def release(self) -> None:
        """Give back memory that is kept for later batches."""
        ...


class DeviceRunner(BatchRunner, Protocol):
    """Evaluates on a device of its own, such as a GPU, while the host goes on.

    `ms25_suite.architectures.torch_runner` has the one for models of PyTorch.
    """

    def builds(self, frames: Frames, cutoff: float) -> BoolArray:
        """Frames whose edges it finds faster than the host, shape ``(n_frames,)``."""
        ...

    def stage_frames(self, frames: Frames, cutoff: float) -> tuple[Any, int]:
        """Find the edges of frames there; what `launch` takes, and the number of edges."""
        ...

    def dynamics(self, cutoff: float, inputs: Inputs) -> DeviceDynamics:
        """Evaluation of one system step after step.

        Parameters
        ----------
        cutoff
            Longest edge in Å.
        inputs
            Charge, spin, … of the system.
        """
        ...


class EdgeModel(ABC):
    """A loaded model that maps edges to energies and their derivatives."""

    precision: str = ""
    """Floating-point type of its weights, if it computes in that whatever type was asked for."""

    @property
    def runner(self) -> DeviceRunner | None:
        """How batches are evaluated on a device of its own; None: by `evaluate`."""
        return None

    @property
    @abstractmethod
    def info(self) -> ModelInfo:
        """Elements, cutoff and size; ``elements`` and ``r_max`` must not be None."""

    @abstractmethod
    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        """Energies and their derivatives.

        Returns
        -------
        :
            Energy of each frame in eV, shape ``(n_graphs,)``, and ``dE/dD`` in eV/Å, shape
            ``(n_edges, 3)``: the derivative with respect to each *directed* edge, so that the
            force on atom i is the sum over its edges minus the sum over the edges that end on it.
        """


class ForceModel(ABC):
    """A loaded model that maps edges to energies, forces and virials.

    For compiled models, which give no derivatives with respect to single edges. A model that can
    be differentiated should be an `EdgeModel`.
    """

    @property
    def runner(self) -> DeviceRunner | None:
        """How batches are evaluated on a device of its own; None: by `evaluate`."""
        return None

    @property
    @abstractmethod
    def info(self) -> ModelInfo:
        """Elements, cutoff and size; ``elements`` and ``r_max`` must not be None."""

    @abstractmethod
    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies, forces and virials.

        Returns
        -------
        :
            Energy of each frame in eV, shape ``(n_graphs,)``; forces in eV/Å, shape
            ``(n_atoms, 3)``; and ``dE/d(strain)`` in eV (stress times volume), symmetric, shape
            ``(n_graphs, 3, 3)``.
        """


class Architecture(ABC):
    """A family of models: how its files are recognised, loaded and trained.

    A subclass is registered as an entry point of the group ``ms25_suite.architectures``. Its
    module must not import its framework at top level: it is imported in the process of pytest,
    and only `load` runs in a worker.
    """

    name: ClassVar[str]
    """Short lower-case name, as in ``train:NAME``."""

    package: ClassVar[str]
    """Module that must be importable, for instance ``mace``."""

    distributions: ClassVar[tuple[str, ...]]
    """Distributions whose versions may change a prediction; part of the cache's key."""

    accelerators: ClassVar[tuple[str, ...]] = ()
    """Distributions that `faster` uses where they are installed."""

    backends: ClassVar[tuple[Backend, ...]] = ()
    """Back ends that ``backend=NAME`` may ask for, of which `with_backend` makes models."""

    requirement: ClassVar[str]
    """Requirement for ``pip install`` that makes the package available."""

    environment: ClassVar[str] = ""
    """Managed environment that holds the package where it cannot be imported; empty: none."""

    names_species: ClassVar[bool] = True
    """Whether a model file names the elements of its species. Where it does not, they come from the
    sidecar or from ``--mlip-species``, and `load` gets their symbols as ``species``."""

    has_heads: ClassVar[bool] = False
    """Whether models may have several heads; then `load` gets the one that was asked for as
    ``head``, empty for the model's own choice."""

    cpu_only: ClassVar[bool] = False
    """Whether models run on the CPU only; ``--device=auto`` then takes it."""

    compiled_target: ClassVar[str] = ""
    """Compiled kind of model file, see `ms25_suite.lammps.deploy.targets`; empty if there is
    none."""

    trainer: ClassVar[str] = ""
    """Where its trainer is, as ``module:name``: a subclass of `ms25_suite.training.Trainer`. It is
    imported when something is trained. Empty: models of this architecture cannot be trained."""

    revision: ClassVar[int] = 1
    """Raise it when a change to the adapter can change a prediction: cached ones are then void."""

    @abstractmethod
    def recognises(self, summary: FileSummary) -> bool:
        """Whether a file is a model of this architecture, judged without unpickling it."""

    @abstractmethod
    def load(self, path: Path, *, device: str, dtype: str) -> EdgeModel | ForceModel:
        """Load a model file. Called in a worker process only.

        Raises
        ------
        ModelFileError
            The file is not a usable model.
        """

    def compiled_for(self, device: str, accelerators: Collection[str]) -> str:
        """Kind of file that ``--mlip-compile`` makes of a model first; empty: none.

        Then it takes a form of `faster`.

        Parameters
        ----------
        device
            Where predictions are made.
        accelerators
            Those of `accelerators` that are installed beside the package.
        """
        del device, accelerators
        return self.compiled_target

    def faster(
        self, model: EdgeModel | ForceModel, *, device: str
    ) -> Mapping[str, Callable[[], EdgeModel | ForceModel]]:
        """Faster forms of a model that `load` returned: functions that make them, by name.

        They are tried in this order with ``--mlip-compile``, and used only if they agree with the
        model, which must not change. A function may raise anything.
        """
        del model, device
        return {}

    def with_backend(
        self, model: EdgeModel | ForceModel, name: str, *, device: str
    ) -> EdgeModel | ForceModel:
        """A model of the same weights with one of `backends`; the given one must not change.

        It is used only if it agrees with the given model. It may raise anything.
        """
        del model, device
        msg = f"the architecture {self.name} has no back end {name}"
        raise NotImplementedError(msg)

    def allow_tf32(self) -> None:
        """Let the framework round products of float32 matrices to TF32, in this process."""
        msg = f"the architecture {self.name} cannot compute in TF32"
        raise NotImplementedError(msg)

    def own_calculator(self, path: Path, *, device: str, dtype: str, **known: Any) -> Any:
        """The ASE calculator that the package of the architecture makes of a model file.

        It is what users of the package run without the suite. `route_agreement` compares it with
        the adapter, frame by frame. Called in a worker process only; it gets what `load` gets.

        Returns
        -------
        :
            An ASE calculator; None if the package has none for this file.
        """
        del path, device, dtype, known
        return None

    def torch_sim(self, path: Path, *, device: str, dtype: str, **known: Any) -> Evaluator | None:
        """The model of a file in TorchSim, as its package makes it.

        `ms25_suite.architectures.torch_sim_evaluator` makes an evaluator of TorchSim's model.
        Called in a worker process only; it gets what `load` gets.

        Returns
        -------
        :
            What evaluates frames; None if there is nothing for this file.

        Raises
        ------
        NotApplicableError
            TorchSim is not installed.
        """
        del path, device, dtype, known
        return None

    def untrained(self) -> EdgeModel:
        """A tiny model with random weights, to test whether an environment works.

        Called in a worker process only; required of architectures with an `environment`.
        """
        msg = f"the architecture {self.name} makes no untrained models"
        raise NotImplementedError(msg)


class Evaluator(Protocol):
    """Loaded potential in a worker, which predicts energies, forces and stresses.

    One with a true attribute ``tells_batches`` takes ``on_batch``, a function that it calls with
    the number of frames of each batch that is done, so that a long request can report how far it
    is.
    """

    @property
    def info(self) -> ModelInfo:
        """Properties of the potential."""
        ...

    def predict(self, frames: Frames) -> Predictions:
        """Predictions for all frames."""
        ...
