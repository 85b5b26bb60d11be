"""Which values of a recipe and which frames a training takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ms25_suite.errors import TrainingError
from ms25_suite.training.request import Part, TrainingData

__all__ = ["evenly", "number_of_epochs", "number_of_validation", "system_values"]


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
