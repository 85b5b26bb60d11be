"""Thresholds of the numbers of a figure: lines in its panels, or a sentence below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ms25_suite.campaign.paper.figures.style import dataset_title
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.report.figures.canvas import MUTED
from ms25_suite.report.wording import QUANTITY_LETTERS, plain_number, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_thresholds", "threshold_note", "thresholds_of"]


def thresholds_of(readings: Iterable[Reading]) -> list[float]:
    """Distinct thresholds of the results behind readings, ascending."""
    results = (result for one in readings for result in one.results)
    return sorted({one.threshold for one in results if one.threshold is not None})


def draw_thresholds(axes: Axes, marks: Iterable[float], *, signed: bool = False) -> None:
    """Dotted lines at thresholds; of errors with a sign also below zero."""
    for mark in marks:
        for sign in (-1, 1) if signed else (1,):
            axes.axhline(sign * mark, color=MUTED, lw=0.8, ls=":")


def threshold_note(readings: Iterable[Reading]) -> str:
    """Sentence on the thresholds of errors, for a figure without axes; empty without any."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for result in (result for one in readings for result in one.results):
        if result.threshold is not None and result.quantity in QUANTITY_LETTERS:
            text = f"{plain_number(result.threshold)} {pretty_unit(result.unit)}".rstrip()
            tested = dataset_title(result.test_dataset or result.dataset)
            found.setdefault(result.quantity, {}).setdefault(text, {})[tested] = None
    parts = []
    for quantity in (name for name in QUANTITY_LETTERS if name in found):
        marks = found[quantity]
        words = [
            f"{mark} ({', '.join(names)})" if len(marks) > 1 else mark
            for mark, names in marks.items()
        ]
        parts.append(f"{QUANTITY_LETTERS[quantity]} {', '.join(words)}")
    return f"Thresholds of the suite: {'; '.join(parts)}." if parts else ""
