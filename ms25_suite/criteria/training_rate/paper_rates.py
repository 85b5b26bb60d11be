"""The data training rates of the paper's Table 8, as data beside which one's own are shown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["PaperRates", "paper_rates"]


@dataclass(frozen=True, slots=True)
class PaperRates:
    """Published rates of one system.

    Parameters
    ----------
    title
        The paper's name of the system.
    rates
        Architecture, in the order of the table, to quantity to rate.
    """

    title: str
    rates: Mapping[str, Mapping[str, float]]


def paper_rates(dataset: str) -> PaperRates | None:
    """Published rates of the system of a built-in dataset; None if the paper has none of it."""
    return next((rates for names, rates in _table() if dataset in names), None)


@cache
def _table() -> tuple[tuple[tuple[str, ...], PaperRates], ...]:
    text = (
        files("ms25_suite.criteria.training_rate")
        .joinpath("paper_rates.toml")
        .read_text(encoding="utf-8")
    )
    return tuple(
        (tuple(entry["datasets"]), PaperRates(entry["title"], entry["rates"]))
        for entry in tomllib.loads(text).values()
    )
