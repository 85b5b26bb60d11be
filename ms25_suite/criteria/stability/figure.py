"""Figures of molecular dynamics: total energies at constant energy, temperatures in a bath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ms25_suite.core.details import with_gaps
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.stability import CRITERION
from ms25_suite.criteria.stability.details import KEY, DynamicsDetails
from ms25_suite.report.figures.axes import set_margins, tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import THRESHOLD, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import line_of
from ms25_suite.report.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_dynamics", "section"]

_NOTE: Final = (
    "A line for each run: its total energy at constant energy, or its temperature in a heat bath, "
    "where the grey lines are the temperatures of the baths. ×: the run ended early because atoms "
    "overlapped, or because forces grew too large or were not finite. Dotted lines: drifts at the "
    "threshold."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no run is known."""
    del run
    return observable_section(results, CRITERION.name, KEY, DynamicsDetails, draw_dynamics, _NOTE)


def draw_dynamics(results: Drawn[DynamicsDetails]) -> Figure | None:
    """Energies or temperatures of all runs over time; None if there is no run to draw."""
    figure = new_figure(5.4, 3.0 + ROW * len(results))
    axes = figure.subplots()
    in_bath = results[0][1].ensemble == "nvt"
    axes.set_xlabel("time (fs)", fontsize=8)
    axes.set_ylabel(
        "temperature (K)" if in_bath else "total energy since the start (meV/atom)", fontsize=8
    )
    for mark in _bath_temperatures(results) if in_bath else [0.0]:
        axes.axhline(mark, color=MUTED, lw=0.8)
    drawn = [_draw_runs(axes, result, details) for result, details in results]
    if not any(drawn):
        return None
    if not in_bath:
        _draw_drifts(axes, results)
    tidy(axes)
    set_margins(figure, top=0.12, bottom=0.5 + ROW * len(results))
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure


def _draw_runs(axes: Axes, result: CheckResult, details: DynamicsDetails) -> bool:
    """Draw the runs of one potential; returns whether there was any."""
    times = [1000.0 * time for time in details.times]
    style = line_of(result.potential)
    label: str | None = legend_label(result.potential)
    for run in details.runs:
        trace = with_gaps((run.temperatures if details.ensemble == "nvt" else run.energies) or ())
        if not trace or len(trace) > len(times):
            continue
        axes.plot(times[: len(trace)], trace, lw=1.0, label=label, **style)
        label = None
        in_bath = details.ensemble == "nvt"
        note_numbers(
            axes,
            trace,
            x=times[: len(trace)],
            frames=[run.frame] * len(trace),
            result=result,
            series=f"{details.ensemble.upper()} at {run.temperature_K:g} K",
            quantity="temperature" if in_bath else "total energy since the start",
            unit="K" if in_bath else "meV/atom",
            x_name="time",
            x_unit="fs",
            threshold=None,
            verdict="",
            reason=run.broken,
        )
        if run.broken:
            axes.plot(times[len(trace) - 1], trace[-1], "x", ms=7, color=style["color"])
    return label is None


def _draw_drifts(axes: Axes, results: Drawn[DynamicsDetails]) -> None:
    """Lines of the energies of runs that drift as fast as the threshold allows."""
    last = max(details.times[-1] for _, details in results if details.times)
    for mark in sorted({one.threshold for one, _ in results if one.threshold is not None}):
        for sign in (-1, 1):
            # In meV/atom/ps; the axis is in fs.
            end = sign * mark * last
            axes.plot([0.0, 1000.0 * last], [0.0, end], color=MUTED, lw=0.9, ls=":")
            note_numbers(axes, [sign * mark], series=THRESHOLD, unit=results[0][0].unit)


def _bath_temperatures(results: Drawn[DynamicsDetails]) -> list[float]:
    """Temperatures in K of all heat baths."""
    return sorted({run.temperature_K for _, details in results for run in details.runs})
