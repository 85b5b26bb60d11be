"""Recipes: the hyperparameters of a training, from a TOML file beside the trainer.

A recipe file holds ``version``, a table ``common`` with the values that all budgets share, and one
table for each budget with values of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.errors import TrainingError, UsageError, did_you_mean
from ms25_suite.training.request import TrainingData

__all__ = [
    "BUDGETS",
    "load_recipe",
    "load_tuning_recipe",
    "number_of_epochs",
    "number_of_validation",
    "system_values",
]

BUDGETS: Final = ("smoke", "series", "standard", "paper")
"""Budgets that a user can choose. Each architecture of the suite has all of them."""

_EXTENDS: Final = "extends"
"""Key of a budget that names another one, whose values hold where it has none of its own."""

_INTERNAL_BUDGETS: Final = ("approximate",)
"""Budgets for the suite itself, which users are not offered."""


def load_recipe(path: Path, budget: str) -> dict[str, Any]:
    """Recipe of a budget: the common values, overridden by those of the budget.

    A budget with ``extends`` has the values of another one where it has none of its own.

    Raises
    ------
    UsageError
        There is no such budget.
    TrainingError
        The file is missing or is not a recipe, or the budget extends one that is not there.
    """
    table = _read(path)
    names = [name for name in BUDGETS if name in table]
    if budget not in names and not (budget in _INTERNAL_BUDGETS and budget in table):
        hint = did_you_mean(budget, names)
        msg = f"unknown training budget {budget!r}.{hint} Known: {', '.join(names)}"
        raise UsageError(msg)
    own = dict(table[budget])
    base = own.pop(_EXTENDS, None)
    if base is not None and base not in table:
        msg = f"the recipe {path} has no budget {base!r}, which {budget!r} extends"
        raise TrainingError(msg)
    inherited = {} if base is None else table[base]
    return {"version": table["version"], **table["common"], **inherited, **own}


def load_tuning_recipe(path: Path, budget: str, strategy: str) -> dict[str, Any]:
    """Recipe of a budget for a way to fine-tune.

    The file is a recipe with one more table, ``strategies``, whose tables hold the values of each
    way; a table of the name of the budget in such a table holds those of both.

    Raises
    ------
    UsageError
        There is no such budget.
    TrainingError
        The file is missing or is not a recipe, or has no such strategy.
    """
    strategies = _read(path).get("strategies", {})
    if strategy not in strategies:
        msg = f"the recipe {path} has no strategy {strategy!r}"
        raise TrainingError(msg)
    own = dict(strategies[strategy])
    of_budgets = {name: own.pop(name, {}) for name in BUDGETS}
    return {**load_recipe(path, budget), **own, **of_budgets.get(budget, {})}


def _read(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = (
            f"the recipe {path} cannot be read ({error.strerror}): expected a TOML file of this "
            "name beside the trainer. Is it in the package data of its package?"
        )
        raise TrainingError(msg) from error
    except ValueError as error:
        msg = f"the recipe {path} is not valid TOML: {error}"
        raise TrainingError(msg) from error
    missing = [key for key in ("version", "common") if key not in table]
    if not any(budget in table for budget in BUDGETS):
        missing.append(" or ".join(BUDGETS))
    if missing:
        msg = f"the recipe {path} has no {' and no '.join(missing)}"
        raise TrainingError(msg)
    return table


def system_values(recipe: Mapping[str, Any], data: TrainingData) -> dict[str, Any]:
    """Hyperparameters that a recipe has for one of the paper's systems.

    Raises
    ------
    TrainingError
        The recipe has no values for the system of the data.
    """
    systems: Mapping[str, Mapping[str, Any]] = recipe["systems"]
    name = recipe.get("system_aliases", {}).get(data.system, data.system)
    if name not in systems:
        found = "no system" if data.system is None else f"the system {data.system!r}"
        msg = (
            "this budget has hyperparameters for the paper's systems only "
            f"({', '.join(systems)}), and the dataset {data.name} is {found} of the paper. "
            "Use budget=standard"
        )
        raise TrainingError(msg)
    return dict(systems[name])


def number_of_epochs(recipe: Mapping[str, Any], n_train: int) -> int:
    """``frame_passes`` by the number of frames, within ``epochs_least`` and ``epochs_most``.

    So small training sets cost about as much as large ones.
    """
    wanted = round(recipe["frame_passes"] / n_train)
    return int(max(recipe["epochs_least"], min(recipe["epochs_most"], wanted)))


def number_of_validation(recipe: Mapping[str, Any], data: TrainingData) -> int:
    """Number of validation frames: all of them, or the recipe's ``max_validation`` if fewer."""
    available = len(data.validation[0])
    return int(min(available, recipe.get("max_validation", available)))
