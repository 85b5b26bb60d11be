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
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    low, high = color_range(grid.values)
    norm = LogNorm(low, high, clip=True)
    shade = shade_of(norm)

    def draw_bar(figure: Figure, axes: Axes) -> None:
        mappable = ScalarMappable(norm, colormaps["inferno"])
        ticks = ticks_between(low, high)
        bar = figure.colorbar(mappable, cax=axes, orientation="horizontal", ticks=ticks)
        bar.ax.minorticks_off()
        bar.ax.set_xticklabels([f"{tick:g}" for tick in ticks])
        units = ", ".join(pretty_unit(unit) for unit in grid.units)
        shared = ", one scale for all" if len(grid.units) > 1 else ""
        bar.set_label(f"MAE ({units}){shared}" if units else "MAE")

    return lambda cell: shade(cell.value or 0.0), draw_bar


def scale_by_marks() -> tuple[Shade, DrawBar]:
    """Ratio of each number to its threshold."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    def draw_bar(figure: Figure, axes: Axes) -> None:
        mappable = ScalarMappable(LogNorm(1 / MARK_SPAN, MARK_SPAN), colormaps[MARK_COLORS])
        ticks = ticks_between(1 / MARK_SPAN, MARK_SPAN)
        bar = figure.colorbar(
            mappable, cax=axes, orientation="horizontal", ticks=ticks, extend="both"
        )
        bar.ax.minorticks_off()
        bar.ax.set_xticklabels([f"{tick:g}" for tick in ticks])
        bar.ax.axvline(1.0, color=INK, lw=2.0)
        bar.set_label("MAE / threshold; the line is the threshold")

    return lambda cell: shade_by_mark(cell.value or 0.0, cell.threshold), draw_bar
