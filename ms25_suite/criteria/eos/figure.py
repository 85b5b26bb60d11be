"""Figures of equations of state, as in the paper's Figures 5a and 5c."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.details import with_gaps
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.eos import CRITERION
from ms25_suite.criteria.eos.details import KEY, EosCurveDetails, EosDetails
from ms25_suite.report.comparisons import marked
from ms25_suite.report.figures.axes import set_margins, tidy
from ms25_suite.report.figures.canvas import INK, MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Section
from ms25_suite.report.wording import pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_curves", "section"]

_ENERGIES: Final[dict[str, Any]] = {
    "quantity": "energy above the lowest point",
    "unit": "meV/atom",
    "x_name": "volume",
    "x_unit": "Å^3/atom",
}

_NOTE: Final = (
    "Energies are relative to the lowest point of each curve, so that the shapes and the positions "
    "of the minima are compared. Of several curves, the left panel shows one that cannot be fitted "
    "or, if all can be, the one with the largest error. Dotted lines are thresholds. A cross at "
    "the lower edge is a curve that cannot be fitted: it has no error, and its energies are drawn "
    "with open symbols."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no curve is known."""
    del run
    return observable_section(results, CRITERION.name, KEY, EosDetails, draw_curves, _NOTE)


def draw_curves(results: Drawn[EosDetails]) -> Figure | None:
    """Energy over volume for the worst curve, and beside it the errors of all curves."""
    count = max((len(details.curves) for _, details in results), default=0)
    if count == 0:
        return None
    figure = new_figure(7.2, 3.2 + ROW * len(results))
    energies, errors = figure.subplots(1, 2)
    name = _worst_curve(results)
    energies.set_title(f"{name}: energy above the lowest point", fontsize=8.5, parse_math=False)
    _draw_energies(energies, results, name)
    _draw_errors(errors, results)
    for axes in (energies, errors):
        tidy(axes)
    set_margins(figure, bottom=0.5 + ROW * (len(results) + 1))
    legend_below(figure, *energies.get_legend_handles_labels())
    return figure


def _draw_energies(axes: Axes, results: Drawn[EosDetails], name: str) -> None:
    """One curve of all potentials, and that of the reference."""
    axes.set_xlabel("volume (Å³/atom)", fontsize=8)
    axes.set_ylabel("energy (meV/atom)", fontsize=8)
    reference: list[float] = []
    for result, details in results:
        curve = next((curve for curve in details.curves if curve.name == name), None)
        if curve is None:
            continue
        if not reference:
            reference = _above_lowest(curve.reference)
            axes.plot(curve.volumes, reference, "o-", color=INK, ms=4, lw=1.1, label="reference")
            of: dict[str, Any] = {"dataset": result.dataset, "tested_on": result.test_dataset}
            note_numbers(axes, reference, x=curve.volumes, series="reference", **_ENERGIES, **of)
        label = legend_label(marked(result.potential, result), _failures(details.curves))
        predicted = _above_lowest(curve.predicted)
        style = style_of(result.potential)
        if curve.failure:
            # It may lie on the line of zero, and is no curve with a minimum there.
            style |= {"markerfacecolor": "white", "ls": ":"}
        else:
            style |= {"ls": "--"}
        axes.plot(curve.volumes, predicted, ms=3.5, lw=1.1, label=label, **style)
        of = {"result": result, "series": "predicted", "threshold": None, "verdict": ""}
        note_numbers(axes, predicted, x=curve.volumes, reason=curve.failure, **_ENERGIES, **of)
    # The scale is that of the reference: a curve that collapses would make all others flat.
    tallest = max((energy for energy in reference if math.isfinite(energy)), default=0.0)
    if tallest > 0:
        axes.set_ylim(-0.08 * tallest, 1.6 * tallest)


def _draw_errors(axes: Axes, results: Drawn[EosDetails]) -> None:
    """Error of the observable of each curve, and the thresholds."""
    from matplotlib.ticker import MaxNLocator

    first = results[0][0]
    lost = any(curve.error is None for _, details in results for curve in details.curves)
    remark = " (× cannot be fitted)" if lost else ""
    axes.set_title(f"error of each curve{remark}", fontsize=8.5)
    axes.set_xlabel("curve", fontsize=8)
    axes.set_ylabel(f"error ({pretty_unit(first.unit)})", fontsize=8)
    axes.axhline(0, color=MUTED, lw=0.8)
    for mark in sorted({one.threshold for one, _ in results if one.threshold is not None}):
        for sign in (-1, 1):
            draw_threshold(axes, sign * mark, quantity=first.quantity, unit=first.unit)
    most = max(len(details.curves) for _, details in results)
    for index, (result, details) in enumerate(results):
        _draw_own_errors(axes, result, details, index, len(results))
    axes.set_xlim(0.4, most + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))


def _draw_own_errors(
    axes: Axes, result: CheckResult, details: EosDetails, index: int, count: int
) -> None:
    """Errors of one potential, and a cross at the lower edge for each curve without any."""
    style = style_of(result.potential)
    errors = [curve.error for curve in details.curves]
    known = [(place, error) for place, error in enumerate(errors, 1) if error is not None]
    axes.plot([p for p, _ in known], [e for _, e in known], ls="", ms=4, **style)
    # Side by side: several potentials may fail for the same curve. On a line of the numbers a
    # failure would be read as one of them.
    shift = 0.5 * ((index + 0.5) / count - 0.5)
    axes.plot(
        [place + shift for place, error in enumerate(errors, 1) if error is None],
        [0.025] * errors.count(None),
        ls="",
        marker="x",
        ms=6,
        color=style["color"],
        transform=axes.get_xaxis_transform(),
        clip_on=False,
    )
    for curve in details.curves:
        note_numbers(
            axes,
            [curve.error],
            x=[curve.name],
            result=result,
            series="error of each curve",
            x_name="curve",
            reason=curve.failure,
            # Of the mean error.
            verdict="",
        )


def _worst_curve(results: Drawn[EosDetails]) -> str:
    """Name of a curve that cannot be fitted, else of the one with the largest error."""

    def badness(curve: EosCurveDetails) -> float:
        return math.inf if curve.error is None else abs(curve.error)

    return max((curve for _, details in results for curve in details.curves), key=badness).name


def _failures(curves: Sequence[EosCurveDetails]) -> str:
    unfit = sum(bool(curve.failure) for curve in curves)
    return f"{unfit} of {len(curves)} curves without a fit" if unfit else ""


def _above_lowest(energies: Sequence[float | None]) -> list[float]:
    """Energies in meV/atom above the lowest of some in eV/atom; gaps stay."""
    values = with_gaps(energies)
    lowest = min((value for value in values if math.isfinite(value)), default=0.0)
    return [1000.0 * (value - lowest) for value in values]
