"""Axes of the figures: margins in inches, grids, logarithmic scales with few plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["GRID", "logarithmic", "panels", "set_margins", "tidy"]

GRID: Final = "#e4e8ec"
"""Colour of grid lines."""


def set_margins(
    figure: Figure,
    *,
    left: float = 0.7,
    right: float = 0.12,
    bottom: float = 0.5,
    top: float = 0.3,
    between: tuple[float, float] = (0.32, 0.5),
) -> None:
    """Place the panels of a figure.

    Parameters
    ----------
    figure
        The figure, of its final size.
    left, right, bottom, top
        Margins in inches.
    between
        Space between columns and between rows, in widths and heights of a panel.
    """
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=between[0],
        hspace=between[1],
    )


def tidy(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> None:
    """Light grid behind the data, and small ticks."""
    axes.grid(axis=grid, color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", labelsize=7.5, length=2.5)


def logarithmic(axes: Axes, which: Literal["x", "y"], values: Sequence[float]) -> None:
    """Logarithmic scale around positive values, with plain numbers at few of its ticks."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    # A factor, not a difference: equal margins on a logarithmic scale.
    low, high = min(values) / 1.5, max(values) * 1.5
    axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(low, high)
    else:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
    # Beyond two and a half decades only powers of ten have room for their numbers.
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 300 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def panels(count: int, *, per_row: int = 3) -> tuple[int, int]:
    """Rows and columns of a number of panels."""
    columns = min(count, per_row)
    return math.ceil(count / columns), columns
