"""Figures of throughput: speeds as in the paper's Figure 7, against accuracy, and against size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ms25_suite.criteria.throughput.points import ParetoPoint, SizeCurve, SpeedPoint
from ms25_suite.report.figures.canvas import COLORS, MARKERS, MUTED, new_figure
from ms25_suite.report.wording import middle_cut, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_pareto", "draw_sizes", "draw_speeds"]

_PER_ROW = 3


def draw_speeds(points: Sequence[SpeedPoint]) -> Figure:
    """Datasets on x, kAtoms/s on a logarithmic y; a mark for each potential with its spread."""
    labels = list(dict.fromkeys(point.label for point in points))
    names = list(dict.fromkeys(point.result.potential for point in points))
    width = max(4.4, 1.2 + (0.5 + 0.22 * len(names)) * len(labels))
    figure = new_figure(width, 3.1 + 0.2 * len(names))
    axes = figure.subplots()
    axes.set_ylabel("speed in LAMMPS (kAtoms/s)", fontsize=8)
    step = 0.7 / max(len(names), 2)
    for point in points:
        index = names.index(point.result.potential)
        x = labels.index(point.label) + (index - (len(names) - 1) / 2) * step
        low, high = point.quartiles
        color, value = COLORS[index % len(COLORS)], point.result.value
        # The spread of a speed that is too noisy for a number is all there is of it.
        axes.plot([x, x], [low, high], color=color, lw=1.6 if value is not None else 5.0, alpha=0.6)
        if value is not None:
            axes.plot(x, value, ls="", marker=MARKERS[index % len(MARKERS)], ms=6, color=color)
        if point.result.threshold is not None:
            ends = [x - step / 2, x + step / 2]
            axes.plot(ends, [point.result.threshold] * 2, color=MUTED, lw=1.0, ls=":")
    axes.set_xticks(range(len(labels)), labels, fontsize=8, parse_math=False)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    _logarithmic(axes, "y", [end for point in points for end in point.quartiles])
    axes.grid(axis="y", color="#e4e8ec", lw=0.6)
    _finish(figure, names, top=0.15)
    return figure


def draw_pareto(groups: Mapping[str, Sequence[ParetoPoint]]) -> Figure:
    """A panel for each dataset: error of the forces on x, speed on y; upper left is best."""
    names = list(
        dict.fromkeys(point.speed.result.potential for own in groups.values() for point in own)
    )
    figure, panels = _panels(groups, len(names))
    for axes, (label, own) in zip(panels, groups.items(), strict=True):
        axes.set_title(label, fontsize=8.5, parse_math=False)
        axes.set_xlabel(f"forces MAE ({pretty_unit(own[0].unit)})", fontsize=8)
        axes.set_ylabel("kAtoms/s", fontsize=8)
        front = sorted((p.forces, float(p.speed.result.value or 0.0)) for p in own if p.best)
        axes.step([x for x, _ in front], [y for _, y in front], where="post", color=MUTED, lw=0.9)
        for point in own:
            index = names.index(point.speed.result.potential)
            color = COLORS[index % len(COLORS)]
            value = float(point.speed.result.value or 0.0)
            axes.plot([point.forces] * 2, point.speed.quartiles, color=color, lw=1.2, alpha=0.6)
            axes.plot(
                point.forces,
                value,
                ls="",
                marker=MARKERS[index % len(MARKERS)],
                ms=6,
                color=color,
                markerfacecolor=color if point.best else "white",
                clip_on=False,
                zorder=3,
            )
        axes.set_xlim(0, 1.2 * max(point.forces for point in own) or 1.0)
        _logarithmic(axes, "y", [end for point in own for end in point.speed.quartiles])
        axes.grid(color="#e4e8ec", lw=0.6)
    _finish(figure, names)
    return figure


def draw_sizes(groups: Mapping[str, Sequence[SizeCurve]]) -> Figure:
    """A panel for each dataset: atoms on x and ms per step on y, both logarithmic, and the fits."""
    names = list(dict.fromkeys(curve.result.potential for own in groups.values() for curve in own))
    figure, panels = _panels(groups, len(names))
    for axes, (label, own) in zip(panels, groups.items(), strict=True):
        axes.set_title(label, fontsize=8.5, parse_math=False)
        axes.set_xlabel("atoms", fontsize=8)
        axes.set_ylabel("time per step (ms)", fontsize=8)
        for place, curve in enumerate(own):
            index = names.index(curve.result.potential)
            color, exponent = COLORS[index % len(COLORS)], float(curve.result.value or 0.0)
            axes.plot(
                curve.sizes, curve.times, ls="", marker=MARKERS[index % len(MARKERS)], ms=5,
                color=color,
            )  # fmt: skip
            ends = [min(curve.sizes), max(curve.sizes)]
            line = [curve.prefactor * n**exponent for n in ends]
            axes.plot(ends, line, color=color, lw=1.0)
            axes.annotate(
                f"atoms^{exponent:.2f}",
                (0.0, 1.0),
                xytext=(5, -11 - 10 * place),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=7.5,
                color=color,
                parse_math=False,
            )
            if curve.too_large is not None:
                axes.axvline(curve.too_large, color=color, lw=0.9, ls=":")
        _logarithmic(axes, "x", [size for curve in own for size in curve.sizes])
        _logarithmic(axes, "y", [time for curve in own for time in curve.times])
        axes.grid(color="#e4e8ec", lw=0.6)
    _finish(figure, names)
    return figure


def _panels(groups: Mapping[str, Any], entries: int) -> tuple[Figure, list[Axes]]:
    columns = min(len(groups), _PER_ROW)
    rows = math.ceil(len(groups) / columns)
    figure = new_figure(max(3.6, 0.3 + 2.9 * columns), 2.8 * rows + 0.2 * entries + 0.1)
    return figure, [figure.add_subplot(rows, columns, place) for place in range(1, len(groups) + 1)]


def _logarithmic(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Logarithmic axis around some positive values, with few plain numbers on it."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min(values) / 1.5, max(values) * 1.5
    axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(low, high)
    else:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 300 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _finish(figure: Figure, names: Sequence[str], top: float = 0.3) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    for axes in figure.axes:
        axes.set_axisbelow(True)
        axes.tick_params(which="both", labelsize=7.5, length=2.5)
    figure.subplots_adjust(
        left=0.72 / width,
        right=1 - 0.15 / width,
        bottom=(0.55 + 0.2 * len(names)) / height,
        top=1 - top / height,
        wspace=0.36,
        hspace=0.5,
    )
    handles = [
        Line2D([], [], ls="", marker=MARKERS[i % len(MARKERS)], color=COLORS[i % len(COLORS)])
        for i in range(len(names))
    ]
    figure.legend(
        handles,
        [middle_cut(name, 60).replace("$", r"\$") for name in names],
        loc="lower left",
        bbox_to_anchor=(0.5 / width, 0.02 / height),
        fontsize=8,
        frameon=False,
        borderpad=0.1,
        labelspacing=0.25,
    )
