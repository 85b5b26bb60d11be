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
from ms25_suite.report.figures.legend import ROW, color_of, legend_below, legend_label
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_dynamics", "section"]

_NOTE: Final = (
    "A line for each run: its total energy at constant energy, or its temperature in a heat bath, "
    "where the grey lines are the temperatures of the baths. ×: the run ended early because atoms "
    "overlapped, or because forces grew too large or were not finite."
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
    drawn = [
        _draw_runs(axes, color_of(index), legend_label(result.potential), details)
        for index, (result, details) in enumerate(results)
    ]
    if not any(drawn):
        return None
    tidy(axes)
    set_margins(figure, top=0.12, bottom=0.5 + ROW * len(results))
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure


def _draw_runs(axes: Axes, color: str, name: str, details: DynamicsDetails) -> bool:
    """Draw the runs of one potential; returns whether there was any."""
    times = [1000.0 * time for time in details.times]
    label: str | None = name
    for run in details.runs:
        trace = with_gaps((run.temperatures if details.ensemble == "nvt" else run.energies) or ())
        if not trace or len(trace) > len(times):
            continue
        axes.plot(times[: len(trace)], trace, lw=1.0, color=color, label=label)
        label = None
        if run.broken:
            axes.plot(times[len(trace) - 1], trace[-1], "x", ms=7, color=color)
    return label is None


def _bath_temperatures(results: Drawn[DynamicsDetails]) -> list[float]:
    """Temperatures in K of all heat baths."""
    return sorted({run.temperature_K for _, details in results for run in details.runs})
