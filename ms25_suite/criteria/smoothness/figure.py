"""Figure of steps and jumps along lines through frames and along dimers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.smoothness import CRITERION
from ms25_suite.criteria.smoothness.details import KEY, LineSteps, SmoothnessDetails
from ms25_suite.report.figures.axes import logarithmic, set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Section
from ms25_suite.report.wording import pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_steps", "section"]

_NOTE: Final = (
    "Each point is one step of a line, and what the energy or a force changes in it beyond what "
    "the forces, or the steps beside it, foretell. Left: pairs in vacuum that are pulled apart; "
    "right: test frames of which all atoms move. A cutoff that is not smooth shows as points that "
    "stand out at its distance (left) or anywhere (right). Crosses: some of these steps divided by "
    "up to a hundred, where a jump stays and a curve vanishes; energy steps and force jumps are "
    "judged by them where there are any. The dotted line is the threshold; values below a "
    "thousandth of it are drawn there."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no line is known."""
    del run
    return observable_section(results, CRITERION.name, KEY, SmoothnessDetails, draw_steps, _NOTE)


def draw_steps(results: Drawn[SmoothnessDetails]) -> Figure | None:
    """Steps along dimers and along frames, of all potentials; None if there is no line."""
    from matplotlib.ticker import MaxNLocator

    if not any(details.lines for _, details in results):
        return None
    marks = sorted({one.threshold for one, _ in results if one.threshold is not None})
    floor = 1e-3 * (marks[0] if marks else 1.0)
    has_frames = any(_is_frame(line) for _, details in results for line in details.lines)
    figure = new_figure(7.2 if has_frames else 4.4, 2.6 + ROW * len(results))
    panels = figure.subplots(1, 2 if has_frames else 1, sharey=True, squeeze=False)[0]
    dimers, frames = panels[0], panels[-1]
    titles = (("pairs in vacuum", "distance (Å)"), ("test frames", "displacement of each atom (Å)"))
    for axes, (title, label) in zip(panels, titles, strict=False):
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(title, fontsize=8.5)
        axes.set_xlabel(label, fontsize=8)
        for mark in marks:
            draw_threshold(axes, mark, quantity=results[0][0].quantity, unit=results[0][0].unit)
    dimers.set_ylabel(
        f"{results[0][0].quantity.replace('_', ' ')} ({pretty_unit(results[0][0].unit)})",
        fontsize=8,
    )
    for result, details in results:
        name, style = legend_label(result.potential), style_of(result.potential)
        dimers.plot([], [], ls="", ms=3, label=name, **style)
        for line in details.lines:
            axes = frames if _is_frame(line) else dimers
            sizes = [max(size, floor) for size in line.sizes]
            axes.plot(line.where, sizes, ls="", ms=1.8, alpha=0.5, **style)
            _note(axes, result, line, "steps", line.where, line.sizes)
            if line.refined_where is not None and line.refined_sizes is not None:
                sizes = [max(size, floor) for size in line.refined_sizes]
                axes.plot(line.refined_where, sizes, "x", color=style["color"], ms=4)
                _note(axes, result, line, "finer steps", line.refined_where, line.refined_sizes)
    shown = [
        size
        for _, details in results
        for line in details.lines
        for size in (*line.sizes, *(line.refined_sizes or ()))
    ]
    logarithmic(dimers, "y", [floor, *marks, max([floor, *shown])])
    for axes in panels:
        tidy(axes)
    set_margins(figure, left=0.75, bottom=0.5 + ROW * len(results), between=(0.1, 0.5))
    legend_below(figure, *dimers.get_legend_handles_labels())
    return figure


def _note(
    axes: Axes,
    result: CheckResult,
    line: LineSteps,
    series: str,
    where: Sequence[float],
    sizes: Sequence[float],
) -> None:
    is_frame = _is_frame(line)
    note_numbers(
        axes,
        sizes,
        x=where,
        result=result,
        series=f"{line.name}, {series}",
        x_name="displacement of each atom" if is_frame else "distance",
        x_unit="Å",
        # Of the largest step.
        verdict="",
    )


def _is_frame(line: LineSteps) -> bool:
    return line.name.startswith("frame")
