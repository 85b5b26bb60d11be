"""Trainers by name of the architecture, and their recipes."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol

from ms25_suite.core.errors import UsageError, did_you_mean
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.request import TrainingData, TrainingRequest

__all__ = ["BUDGETS", "Trainer", "budgets", "get_trainer", "load_recipe", "trainable"]

BUDGETS: Final = ("smoke", "standard", "paper")
"""Names of the recipes that every architecture has."""

_OWN_BUDGETS: Final = ("approximate",)
"""Recipes for the suite itself, which users are not offered."""

_TRAINERS: Final = {
    "allegro": "ms25_suite.architectures.nequip.trainer:AllegroTrainer",
    "ani": "ms25_suite.architectures.ani.trainer:AniTrainer",
    "mace": "ms25_suite.architectures.mace.trainer:MaceTrainer",
    "mtp": "ms25_suite.architectures.mtp.trainer:MtpTrainer",
    "nequip": "ms25_suite.architectures.nequip.trainer:NequipTrainer",
}


class Trainer(Protocol):
    """What the shared code asks of an architecture.

    A trainer keeps all that it needs to continue after a kill in its work folder, and is called
    with the same arguments again.
    """

    name: str
    """Name of the architecture."""

    suffix: str
    """Ending of its model files."""

    def require_installed(self) -> None:
        """Raise `ArchitectureNotInstalledError` unless the package can be imported."""

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a trained model depends on."""

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Every value of a training, without paths; JSON-able, and a part of the cache key."""

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs of a training."""

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write the inputs into the work folder, make what an earlier run left usable again.

        Returns
        -------
        :
            Command to run in the work folder.
        """

    def results_file(self, work: Path) -> Path:
        """File of JSON lines that a prepared training writes while it runs."""

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """What a line of that file says about a finished epoch; None if nothing."""

    def result(self, work: Path) -> tuple[Path, int, dict[str, Any]]:
        """Model file of a finished training, its epoch (from 1), and words on how it was chosen.

        Raises
        ------
        TrainingError
            The run left no model.
        """

    def describe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """``r_max`` in Å and ``dtype`` of the model, for the manifest."""


def trainable() -> tuple[str, ...]:
    """Architectures that can be trained."""
    return tuple(sorted(_TRAINERS))


def get_trainer(architecture: str) -> Trainer:
    """Trainer of an architecture.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    if architecture not in _TRAINERS:
        msg = f"no trainer for the architecture {architecture!r}{_hint(architecture, trainable())}"
        raise UsageError(msg)
    module, name = _TRAINERS[architecture].split(":")
    trainer: Trainer = getattr(importlib.import_module(module), name)()
    return trainer


def budgets(architecture: str) -> tuple[str, ...]:
    """Budgets that the recipes of an architecture have."""
    return tuple(name for name in BUDGETS if name in _read(architecture))


def load_recipe(architecture: str, budget: str) -> dict[str, Any]:
    """Recipe of an architecture: what all budgets share, overridden by the budget's own values.

    Raises
    ------
    UsageError
        There is no such budget.
    """
    table = _read(architecture)
    names = budgets(architecture)
    if budget not in names and not (budget in _OWN_BUDGETS and budget in table):
        msg = f"unknown training budget {budget!r}{_hint(budget, names)}"
        raise UsageError(msg)
    return {"version": table["version"], **table["common"], **table[budget]}


def _read(architecture: str) -> dict[str, Any]:
    package = _TRAINERS[architecture].split(":")[0].rpartition(".")[0]
    text = files(package).joinpath(f"{architecture}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _hint(name: str, known: Sequence[str]) -> str:
    return f".{did_you_mean(name, known)} Known: {', '.join(known)}"
