"""Colour scales of a heatmap: what a colour means, and the bar that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from ms25_suite.report.figures.canvas import INK
from ms25_suite.report.figures.colors import (
    MARK_COLORS,
    MARK_SPAN,
    Color,
    color_range,
    shade_by_mark,
    shade_of,
    ticks_between,
)
from ms25_suite.report.grid import Cell, Grid
from ms25_suite.report.wording import pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DrawBar", "HeatmapScale", "Shade", "scale_by_marks", "scale_of_paper"]

HeatmapScale: TypeAlias = Literal["marks", "paper"]
"""``marks``: ratios to thresholds. ``paper``: one scale for all numbers."""

Shade: TypeAlias = Callable[[Cell], Color]
DrawBar: TypeAlias = "Callable[[Figure, Axes], None]"


def scale_of_paper(grid: Grid) -> tuple[Shade, DrawBar]:
    """One scale for three units, as in the paper's Figure 2."""
    from matplotlib.colors import LogNorm

    low, high = color_range(grid.values)
    shade = shade_of(LogNorm(low, high, clip=True))
    units = ", ".join(pretty_unit(unit) for unit in grid.units)
    shared = ", one scale for all" if len(grid.units) > 1 else ""
    label = f"MAE ({units}){shared}" if units else "MAE"

    def draw_bar(figure: Figure, axes: Axes) -> None:
        _draw_bar(figure, axes, "inferno", (low, high), label)

    return lambda cell: shade(cell.value or 0.0), draw_bar


def scale_by_marks() -> tuple[Shade, DrawBar]:
    """Ratio of each number to its threshold."""

    def draw_bar(figure: Figure, axes: Axes) -> None:
        ends = (1 / MARK_SPAN, MARK_SPAN)
        label = "MAE / threshold; the line is the threshold"
        _draw_bar(figure, axes, MARK_COLORS, ends, label, extend="both")
        axes.axvline(1.0, color=INK, lw=2.0)

    return lambda cell: shade_by_mark(cell.value or 0.0, cell.threshold), draw_bar


def _draw_bar(
    figure: Figure,
    axes: Axes,
    colors: str,
    ends: tuple[float, float],
    label: str,
    extend: Literal["neither", "both"] = "neither",
) -> None:
    """A horizontal bar of a logarithmic scale."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    mappable = ScalarMappable(LogNorm(*ends, clip=True), colormaps[colors])
    ticks = ticks_between(*ends)
    bar = figure.colorbar(mappable, cax=axes, orientation="horizontal", ticks=ticks, extend=extend)
    bar.ax.minorticks_off()
    bar.ax.set_xticklabels([f"{tick:g}" for tick in ticks])
    bar.set_label(label)
