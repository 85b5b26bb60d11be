"""What trainers share that run in this environment: their package, and what a run leaves."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ms25_suite.core.errors import ArchitectureNotInstalledError, TrainingError
from ms25_suite.training.request import Part, TrainingData

__all__ = [
    "evenly",
    "installed_versions",
    "number_of_epochs",
    "number_of_validation",
    "read_outcome",
    "require_package",
    "system_values",
]


def require_package(architecture: str, module: str, distribution: str) -> None:
    """Make sure that the package of an architecture can be imported in this environment.

    Parameters
    ----------
    architecture
        Its name as people write it; in small letters also that of the extra of the suite.
    module, distribution
        What is imported, and what pip installs.

    Raises
    ------
    ArchitectureNotInstalledError
        It cannot.
    """
    if importlib.util.find_spec(module) is None:
        msg = (
            f"training {architecture} needs the package {distribution}, which is not installed in "
            f'this environment. Install it with: pip install "ms25-suite[{architecture.lower()}]"'
        )
        raise ArchitectureNotInstalledError(msg)


def installed_versions(distributions: Sequence[str]) -> dict[str, str]:
    """Versions of distributions in this environment; ``unknown`` where one has none."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def read_outcome(path: Path, architecture: str, weights: str) -> tuple[int, dict[str, Any]]:
    """Epoch of the model that one of the suite's own runs chose, and how it was chosen.

    Parameters
    ----------
    path
        File that the run writes at its end.
    architecture
        Its name as people write it.
    weights
        What the model holds, for the sidecar.

    Raises
    ------
    TrainingError
        The run left no such file.
    """
    try:
        outcome = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = (
            f"the training of {architecture} ended without an error, but left no {path.name} in "
            f"{path.parent}"
        )
        raise TrainingError(msg) from error
    epoch = int(outcome["epoch"])
    chosen = {"epoch": epoch, "chosen_by": "lowest validation loss", "weights": weights}
    return epoch, {**chosen, "ended_by": outcome["ended_by"]}


def system_values(recipe: Mapping[str, Any], data: TrainingData) -> dict[str, Any]:
    """Values that a recipe has for the paper's system that the data is of.

    Raises
    ------
    TrainingError
        The data is of no system of the recipe.
    """
    systems: Mapping[str, Mapping[str, Any]] = recipe["systems"]
    name = recipe.get("system_aliases", {}).get(data.system, data.system)
    if name not in systems:
        found = "no system" if data.system is None else f"the system {data.system!r}"
        msg = (
            "this budget has hyperparameters for the paper's systems only "
            f"({', '.join(systems)}), and the dataset {data.name} is {found} of the paper. "
            "Take budget=standard"
        )
        raise TrainingError(msg)
    return dict(systems[name])


def number_of_epochs(recipe: Mapping[str, Any], n_train: int) -> int:
    """``frame_passes`` over the number of frames, between ``epochs_least`` and ``epochs_most``."""
    wanted = round(recipe["frame_passes"] / n_train)
    return int(max(recipe["epochs_least"], min(recipe["epochs_most"], wanted)))


def number_of_validation(recipe: Mapping[str, Any], data: TrainingData) -> int:
    """Number of validation frames: all, or ``max_validation`` if the recipe has fewer."""
    available = len(data.validation[0])
    return int(min(available, recipe.get("max_validation", available)))


def evenly(part: Part, n: int) -> Part:
    """At most ``n`` frames and their labels, evenly spread."""
    frames, labels = part
    if n >= len(frames):
        return part
    indices = [index * len(frames) // n for index in range(n)]
    return frames.select(indices), labels.select(indices, frames.offsets)
