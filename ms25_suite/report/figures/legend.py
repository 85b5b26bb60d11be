"""Legends below a figure, and the colour and symbol of each potential."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ms25_suite.report.figures.canvas import COLORS, MARKERS
from ms25_suite.report.wording import middle_cut

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["color_of", "legend_below", "legend_label", "potential_legend", "style_of"]

ROW = 0.2
"""Height of a row of a legend in inches."""


def color_of(index: int) -> str:
    """Colour of the potential with an index; the eighth has that of the first."""
    return COLORS[index % len(COLORS)]


def style_of(index: int) -> dict[str, Any]:
    """Colour and symbol of the potential with an index, as keywords of ``Axes.plot``."""
    return {"color": color_of(index), "marker": MARKERS[index % len(MARKERS)]}


def legend_label(name: str, words: str = "", length: int = 40) -> str:
    """Name of a potential and a remark, without any mathematical typesetting."""
    label = middle_cut(name, length)
    return f"{label}: {words}" if words else label


def legend_below(
    figure: Figure, handles: Iterable[Artist], labels: Iterable[str], columns: int = 1
) -> None:
    """Legend in the lower left corner; leave `ROW` inches for each of its rows."""
    width, height = figure.get_size_inches()
    figure.legend(
        list(handles),
        list(labels),
        loc="lower left",
        bbox_to_anchor=(0.5 / width, 0.02 / height),
        ncols=columns,
        fontsize=8,
        frameon=False,
        borderpad=0.1,
        labelspacing=0.25,
    )


def potential_legend(figure: Figure, names: Sequence[str]) -> None:
    """Legend with a row for each potential, in the order of their `style_of`."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], ls="", **style_of(index)) for index in range(len(names))]
    legend_below(figure, handles, [legend_label(name, length=60) for name in names])
