"""Errors that others measured on the published data, to hold one's own numbers against.

They are no thresholds: neither the frames nor the conditions are those of the checks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.tiers import MINI, PUBLISHED

__all__ = ["Orientation", "orientation"]

_LATER_SET = re.compile(r"-set[2-9]$")


@dataclass(frozen=True, slots=True)
class Orientation:
    """What others measured on the published data of one system.

    Parameters
    ----------
    forces
        Model to mean absolute error of the forces in meV/Å.
    conditions, source
        How it was measured, and by whom.
    remark
        What has to be known about this system; empty if nothing.
    """

    forces: Mapping[str, float]
    conditions: str
    source: str
    remark: str = ""


def orientation(dataset: Dataset) -> Orientation | None:
    """What others measured on the published data of the name of a dataset.

    Returns
    -------
    :
        None if nothing, or if the dataset is neither built in nor published: other people's data
        may have such a name by chance.
    """
    if dataset.tier not in (MINI.name, PUBLISHED):
        return None
    table = _table()
    name = _LATER_SET.sub("", dataset.name)
    forces = {
        model: errors["forces"][name]
        for model, errors in table["models"].items()
        if name in errors["forces"]
    }
    if not forces:
        return None
    remark = table["remarks"].get(name, "")
    return Orientation(forces, table["conditions"], table["source"], remark)


@cache
def _table() -> Mapping[str, Any]:
    text = files("ms25_suite.datasets").joinpath("orientation.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
