"""Which checks a run asks by default, and why some cannot be asked at all.

A run asks whatever the datasets can answer with the potentials at hand. What it cannot answer,
what would train further potentials, and molecular dynamics, is asked only if the criterion is named
(``-m``, ``-k``, the file of the check); then a check that cannot be answered says why, in one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ms25_suite.criteria.training_series import members
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.plugin.settings import Settings
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.training.manifest import read_manifest

if TYPE_CHECKING:
    import pytest

__all__ = ["Held", "is_named", "why_held"]

_PARTNERS = {
    "size_extensivity": '[extensivity] partner = "NAME", the same material in another cell',
    "framework_transfer": '[transfer] to = ["NAME", …], other structures of the same elements',
}

_OBSERVABLES = {
    "eos": ("eos", "curves of an equation of state"),
    "neb_barrier": ("neb", "path of a reaction"),
}

_BY_NAME = ("stability", "throughput")
"""Criteria that are asked only by name: dynamics are dear, and a timing wants an idle machine."""


@dataclass(frozen=True, slots=True)
class Held:
    """A check that is not asked unless its criterion is named.

    Parameters
    ----------
    reason
        Why it cannot be answered; empty if it can.
    """

    reason: str = ""


def is_named(config: pytest.Config, criterion: str) -> bool:
    """Whether the command line names a criterion, by its marker, a keyword or its file.

    ``not NAME`` does not name it.
    """
    expressions = (config.getoption("markexpr", ""), config.getoption("keyword", ""))
    words = {
        word
        for text in expressions
        for word in re.findall(r"\w+", re.sub(r"\bnot\s+\w+", "", text))
    }
    return criterion in words or any(f"test_{criterion}" in str(arg) for arg in config.args)


def why_held(criterion: str, parameters: Mapping[str, Any], settings: Settings) -> Held | None:
    """Why a check is not asked by default; None if it is.

    Parameters
    ----------
    criterion
        Name of the criterion.
    parameters
        Of the check: ``dataset``, and ``partner``, ``potential``, ``training_series`` or
        ``quantity`` where it has them.
    settings
        What the run was asked to do.
    """
    dataset = settings.datasets[parameters["dataset"]]
    if "training_series" in parameters:
        series = parameters["training_series"]
        found = members(series, dataset, settings.train_sizes)
        if found.reason:
            return Held(found.reason)
        trains = series.base is not None and not (series.is_at_hand or settings.train_sizes)
        return Held() if trains or series.problem else None
    if criterion in _OBSERVABLES:
        table, what = _OBSERVABLES[criterion]
        if getattr(dataset.card, table) is None:
            return Held(f"{dataset.name} has no {what}: its card has no [{table}]")
        return None
    if criterion == "throughput" and parameters["potential"].kind == "baseline":
        return Held("a baseline is no potential: there is nothing to time")
    if criterion in _BY_NAME:
        return Held()
    if str(parameters.get("quantity", "")).startswith("supercell"):
        return _why_not_doubled(dataset, parameters["potential"])
    if "partner" in parameters:
        if not parameters["partner"]:
            return Held(
                f"{dataset.name} names no partner in its card: {_PARTNERS.get(criterion, '')}"
            )
        reason = _trained_elsewhere(parameters["potential"], dataset)
        return Held(reason) if reason else None
    return None


def _why_not_doubled(dataset: Dataset, spec: PotentialSpec) -> Held | None:
    partners = dataset.card.partners
    if not dataset.frames.pbc.any():
        return Held(f"no frame of {dataset.name} is periodic: there is no cell to double")
    if spec.kind == "reference" and partners.not_extensive:
        return Held(f"the reference of {dataset.name} is not extensive: {partners.not_extensive}")
    return None if partners.extensivity else Held()


def _trained_elsewhere(spec: PotentialSpec, dataset: Dataset) -> str:
    """Reason why a dataset is not a potential's own; empty if it is, or nobody knows."""
    name, sha256 = "", ""
    if spec.kind == "train" and spec.trained_on is not None:
        source = open_dataset(spec.trained_on)
        name, sha256 = source.name, source.sha256
    elif spec.kind == "model" and spec.path is not None:
        manifest = read_manifest(spec.path)
        if manifest is not None:
            name, sha256 = manifest.data.name or "", manifest.data.sha256 or ""
    if not name or dataset.sha256 == sha256 or dataset.name == name:
        return ""
    return (
        f"{spec.name} was trained on {name}, so that {dataset.name} is not its own data: the check "
        f"starts from what a potential was trained on (--dataset={name})"
    )
