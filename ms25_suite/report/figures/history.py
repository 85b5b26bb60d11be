"""Figure of numbers over runs: a panel for each number, a line for each potential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ms25_suite.report.figures.axes import panels, set_margins, tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, potential_legend
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.history.numbers import Line, Point
from ms25_suite.report.wording import middle_cut, pair_label, pretty_unit, quantity_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_history"]

_PANEL = (3.1, 2.3)
"""Width and height of a panel in inches."""


def draw_history(lines: Sequence[Line]) -> Figure:
    """Draw numbers over the time at which their runs were started.

    Points of one potential are joined where they are of the same frames. A ring is around the first
    point of each model file; the dotted line is the threshold of the last run.

    Parameters
    ----------
    lines
        The numbers; runs without a time are left out.
    """
    names = list(dict.fromkeys(point.potential for line in lines for point in line.points))
    rows, columns = panels(len(lines))
    legend = ROW * len(names) + 0.1
    width, height = _PANEL[0] * columns + 0.4, _PANEL[1] * rows + legend + 0.3
    figure = new_figure(width, height)
    set_margins(figure, left=0.75, bottom=legend + 0.35, between=(0.35, 0.65))
    for place, line in enumerate(lines):
        _draw(figure.add_subplot(rows, columns, place + 1), line)
    potential_legend(figure, names)
    return figure


def _draw(axes: Axes, line: Line) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    for name in dict.fromkeys(point.potential for point in line.points):
        style = style_of(name)
        own = [point for point in line.points if point.potential == name and point.started]
        for part in _of_the_same_frames(own):
            times: Any = [datetime.fromisoformat(point.started) for point in part]
            values = [point.result.value or 0.0 for point in part]
            axes.errorbar(
                times, values, yerr=_bars(part), ms=4, lw=1, elinewidth=0.8, capsize=2, **style
            )
            for moment, value, point, before in zip(
                times, values, part, [None, *part], strict=False
            ):
                if before is None or before.content != point.content:
                    axes.plot(moment, value, "o", ms=9, mfc="none", mec=style["color"], mew=0.8)
    limit = line.points[-1].result.threshold
    if limit is not None:
        axes.axhline(limit, color=MUTED, lw=0.9, ls=":")
    tidy(axes)
    locator: Any = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter: Any = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.margins(x=0.08, y=0.12)
    axes.set_title(middle_cut(_title(line), 44), fontsize=8.5, loc="left")
    axes.set_ylabel(pretty_unit(line.unit), color=MUTED)


def _title(line: Line) -> str:
    words = quantity_text(line.quantity, line.metric)
    return f"{pair_label(line.dataset, line.test_dataset)}: {words}"


def _of_the_same_frames(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Stretches of points that were measured on the same frames: only those can be compared."""
    part: list[Point] = list(points[:1])
    for before, point in pairwise(points):
        if point.frames != before.frames:
            yield part
            part = []
        part.append(point)
    if part:
        yield part


def _bars(points: Sequence[Point]) -> list[list[float]]:
    """Lengths of the bars below and above each value; none where there is no interval."""
    below, above = [], []
    for point in points:
        value = point.result.value or 0.0
        low, high = point.result.interval or (value, value)
        # An interval of a mean may lie beside the value by rounding.
        below.append(max(value - low, 0.0))
        above.append(max(high - value, 0.0))
    return [below, above]
