"""What a worker loads: one frozen dataclass for each kind of potential.

Jobs travel to worker processes as plain dictionaries, and workers may run in an environment with
little more than NumPy and ASE: only the standard library is used here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

__all__ = [
    "ROUTES",
    "BaselineJob",
    "CalculatorJob",
    "FrameworkJob",
    "Job",
    "ModelJob",
    "ObjectJob",
    "UntrainedJob",
    "job_from_wire",
    "job_to_wire",
]


ROUTES: Final = ("calculator", "torch_sim", "form")
"""Other ways to evaluate a model file than by the adapter: the ASE calculator of its package, its
model for TorchSim, and a faster form of it that nobody has compared with the plain one."""


@dataclass(frozen=True, slots=True)
class ModelJob:
    """A model file.

    Parameters
    ----------
    implementation
        Class of the architecture, as ``module:name``.
    path
        The file.
    sha256
        SHA-256 that the file must have after it was loaded.
    device
        ``cpu``, ``cuda``, ``cuda:1``, …
    dtype
        ``float64`` or ``float32``.
    batch_atoms
        Most atoms in a batch; None: by device.
    species
        Chemical symbols of the species, for architectures whose files only number them.
    threads
        Threads that build graphs while the model computes.
    plain
        The model file that ``path`` was compiled from, to be compared; empty if it was not.
    accelerate
        Whether a faster form of the model is used, if it agrees.
    sizes
        Folder in which the best batch sizes of GPUs are remembered; empty: none.
    route
        How the file is evaluated, one of `ROUTES`; empty for the adapter of the architecture.
    head
        Head of a model that has several; empty for its own choice.
    backend
        Kernels that the model is evaluated with; empty for those of its package.
    tf32
        Whether products of matrices may be rounded to TF32.
    """

    kind: ClassVar[str] = "model"

    implementation: str
    path: str
    sha256: str
    device: str
    dtype: str
    batch_atoms: int | None
    species: tuple[str, ...] = ()
    threads: int = 0
    sizes: str = ""
    plain: str = ""
    accelerate: bool = False
    route: str = ""
    head: str = ""
    backend: str = ""
    tf32: bool = False


@dataclass(frozen=True, slots=True)
class UntrainedJob:
    """A tiny model with random weights, to test whether an environment works.

    Parameters
    ----------
    implementation
        Class of the architecture, as ``module:name``.
    """

    kind: ClassVar[str] = "untrained"

    implementation: str


@dataclass(frozen=True, slots=True)
class CalculatorJob:
    """An ASE calculator.

    Parameters
    ----------
    target
        Path of a Python file, or ``package.module:factory``.
    """

    kind: ClassVar[str] = "calculator"

    target: str


@dataclass(frozen=True, slots=True)
class FrameworkJob:
    """A model of a framework in its own environment.

    Parameters
    ----------
    loader
        Function that takes this job and returns the evaluator, as ``module:name``.
    arguments
        Arguments of `ms25_suite.potentials.frameworks.factories.calculator`.
    device
        ``cpu``, ``cuda``, ``cuda:1``, …
    batch_atoms
        Most atoms in a batch of the package; 0: frame by frame, by its ASE calculator.
    hint
        What to do if there is no calculator.
    """

    kind: ClassVar[str] = "framework"

    loader: str
    arguments: Mapping[str, str]
    device: str
    batch_atoms: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ObjectJob:
    """An ASE calculator object of another process, the one that called `ms25_suite.judge`.

    Parameters
    ----------
    address
        Path of the socket of a `ms25_suite.potentials.workers.shared_calculator.CalculatorServer`.
    name
        Name of the calculator there.
    """

    kind: ClassVar[str] = "object"

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class BaselineJob:
    """The baseline without a model.

    Parameters
    ----------
    values
        Its numbers; `ms25_suite.potentials.baseline.MeanBaseline.to_dict`.
    """

    kind: ClassVar[str] = "baseline"

    values: dict[str, Any]


Job = ModelJob | UntrainedJob | CalculatorJob | FrameworkJob | ObjectJob | BaselineJob

_KINDS: Final[Mapping[str, type[Job]]] = {
    kind.kind: kind
    for kind in (ModelJob, UntrainedJob, CalculatorJob, FrameworkJob, ObjectJob, BaselineJob)
}


def job_to_wire(job: Job) -> dict[str, Any]:
    """Plain types that execnet can send."""
    return {"kind": job.kind, **{name: _sent(value) for name, value in asdict(job).items()}}


def _sent(value: Any) -> Any:
    """A value that can travel: a path need not be UTF-8, and then does so as bytes."""
    if isinstance(value, dict):
        return {name: _sent(one) for name, one in value.items()}
    return os.fsencode(value) if isinstance(value, str) and not _is_utf8(value) else value


def _received(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _received(one) for name, one in value.items()}
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def job_from_wire(message: Mapping[str, Any]) -> Job:
    """Inverse of `job_to_wire`.

    Raises
    ------
    ValueError
        The kind is unknown.
    """
    values: dict[str, Any] = {name: _received(value) for name, value in message.items()}
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        msg = f"expected a job of one of the kinds {', '.join(_KINDS)}, found {kind!r}"
        raise ValueError(msg)
    return _KINDS[kind](**values)
