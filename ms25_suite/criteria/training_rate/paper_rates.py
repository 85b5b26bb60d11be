"""The data training rates of the paper's Table 8, as data beside which one's own are shown."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["PaperRates", "TextErrors", "paper_rates"]


@dataclass(frozen=True, slots=True)
class TextErrors:
    """Errors at two training sizes that the paper's text gives, for a rate beside the table's.

    Parameters
    ----------
    architecture, quantity
        What the errors are of.
    unit
        Unit of the errors.
    sizes
        The two numbers of training frames, ascending.
    mae
        Mean absolute errors at these sizes, in ``unit``.
    """

    architecture: str
    quantity: str
    unit: str
    sizes: tuple[int, int]
    mae: tuple[float, float]

    @property
    def rate(self) -> float:
        """Minus the slope between the two sizes on logarithmic scales; negative if errors grow.

        Examples
        --------
        >>> round(TextErrors("mtp", "forces", "meV/Å", (100, 1000), (117, 189)).rate, 3)
        -0.208
        """
        (few, many), (first, last) = self.sizes, self.mae
        return -math.log(last / first) / math.log(many / few)


@dataclass(frozen=True, slots=True)
class PaperRates:
    """Published rates of one system.

    Parameters
    ----------
    title
        The paper's name of the system.
    rates
        Architecture, in the order of the table, to quantity to rate. The table prints no signs.
    text
        Errors of the system in the paper's text.
    """

    title: str
    rates: Mapping[str, Mapping[str, float]]
    text: Sequence[TextErrors] = ()


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
        (tuple(entry["datasets"]), _rates(entry)) for entry in tomllib.loads(text).values()
    )


def _rates(entry: Mapping[str, Any]) -> PaperRates:
    text = tuple(
        TextErrors(**(row | {"sizes": tuple(row["sizes"]), "mae": tuple(row["mae"])}))
        for row in entry.get("text", ())
    )
    return PaperRates(entry["title"], entry["rates"], text)
