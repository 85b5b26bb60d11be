"""Figure of a committee: its error by the size of its spread, and how often its intervals hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.committee import CRITERION
from ms25_suite.criteria.committee.details import KEY, CommitteeDetails
from ms25_suite.report.figures.axes import logarithmic, set_margins, tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import THRESHOLD, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Section
from ms25_suite.report.wording import limit_text, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_committees", "section"]

_NOTE: Final = (
    "Left: root mean square error of the mean of the members against the error that their spread "
    "lets expect, in ten parts of equally many atoms (forces) or frames (energy) from the smallest "
    "spread to the largest. A committee that warns rises; one that is calibrated lies on the "
    "dotted line, and one that is over-confident above it. Right: how many of the errors are "
    "within the interval of each level; below the dotted line is over-confident."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no committee was judged."""
    del run
    return observable_section(
        results, CRITERION.name, KEY, CommitteeDetails, draw_committees, _NOTE
    )


def draw_committees(results: Drawn[CommitteeDetails]) -> Figure | None:
    """Error against spread, and reliability curves, of all committees on one dataset."""
    legend = ROW * len(results)
    figure = new_figure(6.6, 3.3 + legend)
    errors, curves = figure.subplots(1, 2)
    for result, details in results:
        style = {**style_of(result.potential), "ms": 3.5, "lw": 1.1}
        name = f"{legend_label(result.potential)} ({len(details.members)} members)"
        errors.plot(details.expected, details.found, label=name, **style)
        curves.plot([0.0, *details.levels, 1.0], [0.0, *details.within, 1.0], **style)
        _note(errors, curves, result, details)
    _scale(errors, results)
    _say_thresholds(errors, results)
    curves.plot([0, 1], [0, 1], color=MUTED, lw=0.9, ls=":")
    curves.set_xlabel("level of the interval", fontsize=8)
    curves.set_ylabel("part of the errors within it", fontsize=8)
    for axes in (errors, curves):
        tidy(axes)
    set_margins(figure, left=0.7, bottom=0.55 + legend, top=0.3, between=(0.35, 0.0))
    legend_below(figure, *errors.get_legend_handles_labels())
    return figure


def _note(errors: Axes, curves: Axes, result: CheckResult, details: CommitteeDetails) -> None:
    """Numbers of both panels, which have no threshold: it is of a number behind them."""
    name, unit = f"committee of {len(details.members)}", details.unit
    of: dict[str, Any] = {"result": result, "series": name, "threshold": None, "verdict": ""}
    panel: dict[str, Any] = {
        "quantity": "error of the mean",
        "x_name": "error expected from the spread",
    }
    note_numbers(errors, details.found, x=details.expected, x_unit=unit, unit=unit, **panel, **of)
    panel = {"quantity": "part of the errors within it", "x_name": "level of the interval"}
    note_numbers(curves, details.within, x=details.levels, unit="1", x_unit="1", **panel, **of)
    note_numbers(errors, [result.value], intervals=[result.interval], result=result, series=name)


def _say_thresholds(axes: Axes, results: Drawn[CommitteeDetails]) -> None:
    """The threshold of what is judged in words: it is of one number behind both panels."""
    first = results[0][0]
    marks = sorted({one.threshold for one, _ in results if one.threshold is not None})
    for mark in marks:
        note_numbers(axes, [mark], series=THRESHOLD, quantity=first.quantity, unit=first.unit)
    if marks:
        limits = " or ".join(limit_text(mark, first.at_least) for mark in marks)
        words = first.quantity.replace("_", " ")
        axes.set_title(f"threshold of {words}: {limits}", fontsize=8.5)


def _scale(axes: Axes, results: Drawn[CommitteeDetails]) -> None:
    """One logarithmic scale for both axes, so that the diagonal is what is expected."""
    unit = pretty_unit(results[0][1].unit)
    axes.set_xlabel(f"error expected from the spread ({unit})", fontsize=8)
    axes.set_ylabel(f"error of the mean ({unit})", fontsize=8)
    points = [
        value
        for _, details in results
        for value in (*details.expected, *details.found)
        if value > 0
    ]
    if points:
        logarithmic(axes, "x", points)
        logarithmic(axes, "y", points)
        axes.plot(axes.get_xlim(), axes.get_xlim(), color=MUTED, lw=0.9, ls=":", scalex=False)
