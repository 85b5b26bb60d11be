"""Potentials in environments of their own: models of frameworks, and calculator files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import file_sha256
from ms25_suite.environments.gpus import chosen_device
from ms25_suite.environments.installation import Installation, managed_installation
from ms25_suite.environments.own import find_environment
from ms25_suite.environments.spec import EnvironmentSpec
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.workers.jobs import CalculatorJob, FrameworkJob

__all__ = ["from_calculator_file", "from_framework", "place_of"]

_LOADER: Final = "ms25_suite.potentials.frameworks.loading:load_framework"

_DEVICE_ATOMS: Final = 4096
"""Atoms in a batch on a GPU, unless its memory is too small for them."""

_REVISION: Final = 1
"""Raised when a change to the batches can change a prediction."""

_MATTER: Final = ("torch", "numpy", "ase")
"""Distributions besides the pinned ones on which a prediction may depend."""


def place_of(spec: EnvironmentSpec) -> Installation:
    """Where an environment is on this machine.

    Raises
    ------
    ArchitectureNotInstalledError
        It is not ready; the message has the command that makes it.
    """
    more = "" if spec.framework or spec.architectures else " --requirement PACKAGE"
    return managed_installation(spec, spec.serves, f"{spec.name}{more}")


def from_framework(model: FrameworkModel, name: str, options: PotentialOptions) -> Potential:
    """Potential of a framework, in batches of its package, or by its ASE calculator.

    Parameters
    ----------
    model
        The model.
    name
        Name of the potential.
    options
        How it is run. The package chooses the precision.

    Raises
    ------
    ArchitectureNotInstalledError
        Its environment is not ready.
    """
    place = place_of(model.environment)
    device = chosen_device(options.device, dtype="float32", cpu_only=False, python=place.python)
    options = replace(options, device=device, batch_atoms=_batch_atoms(model, device, options))
    weights = "" if model.weights is None else str(model.weights.resolve())
    is_file = model.weights is not None and model.weights.is_file()
    sha256 = file_sha256(Path(weights)) if is_file else ""
    arguments = {
        "framework": model.framework,
        "model": model.model,
        "weights": weights,
        "head": model.head,
        "device": device,
    }
    pinned = [pin for pin, _ in model.environment.pins]
    identity = {
        **arguments,
        "weights": sha256,
        "device": device.partition(":")[0],
        "versions": place.versions([*pinned, *_MATTER]),
        "batches": _REVISION if model.info.batch_atoms else 0,
    }
    # What a folder of weights holds is not known.
    known = options.use_cache and (model.weights is None or is_file)
    return Potential(
        name,
        "ase",
        FrameworkJob(
            _LOADER,
            arguments,
            device,
            (options.batch_atoms or 0) if model.info.batch_atoms else 0,
            hint=_hint(model),
        ),
        options,
        sha256=sha256,
        python=place.python,
        cache=PredictionCache(identity) if known else None,
        level_of_theory=model.level_of_theory,
    )


def _batch_atoms(model: FrameworkModel, device: str, options: PotentialOptions) -> int | None:
    """Most atoms in a batch: as asked for, or by framework and device."""
    if options.batch_atoms is not None or not model.info.batch_atoms:
        return options.batch_atoms
    return model.info.batch_atoms if device == "cpu" else _DEVICE_ATOMS


def _hint(model: FrameworkModel) -> str:
    """What to do if the calculator cannot be made."""
    info = model.info
    known = f" Known models: {', '.join(info.models)}." if info.models else ""
    return f"{model.guess()}{known} Weights: {info.weights}".strip()


def from_calculator_file(
    path: Path, environment: str, name: str, options: PotentialOptions
) -> Potential:
    """Potential from ``calc.py``, run in a managed environment.

    Raises
    ------
    UsageError
        There is no such environment.
    ArchitectureNotInstalledError
        It is not ready.
    """
    place = place_of(find_environment(environment))
    job = CalculatorJob(str(path.resolve()))
    return Potential(
        name, "ase", job, options, path=path, sha256=file_sha256(path), python=place.python
    )
