"""Legends below a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.wording import middle_cut

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["ROW", "legend_below", "legend_label", "potential_legend"]

ROW = 0.2
"""Height of a row of a legend in inches."""


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
    """Legend of symbols with a row for each potential."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], ls="", **style_of(name)) for name in names]
    legend_below(figure, handles, [legend_label(name, length=60) for name in names])
