"""A figure with its caption and its numbers, and the files that it is written to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.paper.outcomes import ALL_SETS, Place
from ms25_suite.campaign.paper.rates import Curve
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.report.figures.files import write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Sheet", "file_name", "rate_row", "row_of", "set_suffix", "set_words", "write_sheet"]

_COLUMNS: Final = (
    "figure",
    "panel",
    "dataset",
    "tested_on",
    "potential",
    "architecture",
    "n_train",
    "set",
    "quantity",
    "value",
    "low",
    "high",
    "unit",
    "threshold",
    "trainings",
    "missing",
    "sign",
    "reason",
    "stand_in",
    "two_levels_of_theory",
    "paper",
)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A figure of the paper.

    Parameters
    ----------
    name
        Name of its files, without ending.
    title
        Heading.
    caption
        What it shows, as below a figure in print.
    alt
        The same in short, for those who do not see it.
    draw
        Draws it.
    rows
        Every number of it, and every number that is missing, see `row_of`.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]
    rows: Sequence[Mapping[str, Any]]


def file_name(text: str) -> str:
    """Name of a dataset as a part of the name of a file.

    Examples
    --------
    >>> file_name("mgo-2x2")
    'mgo-2x2'
    >>> file_name("../my data")
    'my-data-f3f93f'
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60]
    # Two names must not have one file.
    return name if name == text else f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def set_words(number: int) -> str:
    """Set in words."""
    return "all sets" if number == ALL_SETS else f"Set {number}"


def set_suffix(number: int) -> str:
    """Set at the end of the name of a file; Set 1 is that of the paper's main text."""
    return {ALL_SETS: "-all-sets", 1: ""}.get(number, f"-set-{number}")


def row_of(
    figure: str,
    place: Place,
    variant: Variant,
    n: int | None,
    number: int,
    reading: Reading,
    **more: Any,
) -> dict[str, Any]:
    """Row of the CSV file for a reading; keywords replace columns."""
    low, high = reading.interval or (None, None)
    return {
        "figure": figure,
        "dataset": place.dataset,
        "tested_on": place.test,
        "potential": variant.label,
        "architecture": variant.architecture,
        "n_train": n if variant.trained else None,
        "set": "all" if number == ALL_SETS else number,
        "quantity": place.quantity,
        "value": reading.value,
        "low": low,
        "high": high,
        "unit": reading.unit,
        "threshold": next(
            (one.threshold for one in reading.results if one.threshold is not None), None
        ),
        "trainings": len(reading.values),
        "missing": reading.missing,
        "sign": reading.sign,
        "reason": reading.reason,
        "stand_in": reading.stand_in,
        "two_levels_of_theory": reading.incomparable,
    } | more


def rate_row(
    figure: str, dataset: str, quantity: str, curve: Curve, number: int, *, stand_in: bool
) -> dict[str, Any]:
    """Row of the CSV file for the rate of a curve, or for why there is none."""
    line = curve.line
    low, high = (None, None) if line is None or line.interval is None else line.interval
    return {
        "figure": figure,
        "dataset": dataset,
        "tested_on": dataset,
        "potential": curve.variant.label,
        "architecture": curve.variant.architecture,
        "n_train": "" if line is None else " ".join(map(str, line.sizes)),
        "set": "all" if number == ALL_SETS else number,
        "quantity": f"{quantity} rate",
        "value": None if line is None else line.rate,
        "low": low,
        "high": high,
        "unit": DIMENSIONLESS,
        "trainings": 0 if line is None else line.n_trainings,
        "reason": curve.reason if line is None else line.source,
        "stand_in": stand_in,
    }


def write_sheet(folder: Path, sheet: Sheet) -> tuple[bytes, float]:
    """Write the files of a figure.

    Returns
    -------
    svg, inches
        The SVG, and the width of the figure.
    """
    figure = sheet.draw()
    # Of a hundred figures, editable text would take most of the time; the SVG has shapes to edit.
    svg = write_figure(folder, sheet.name, figure, sheet.rows, _COLUMNS, editable=False)
    return svg, float(figure.get_figwidth())
