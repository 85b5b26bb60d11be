"""Intervals and crosses in panels, one artist for each series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ms25_suite.campaign.paper.readings import Reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_bars", "draw_crosses"]


def draw_bars(
    axes: Axes, places: Sequence[float], readings: Iterable[Reading], color: str, lw: float = 0.9
) -> None:
    """Intervals of readings as one collection: single lines take most of the time of a figure."""
    bars = [
        (x, *one.interval)
        for x, one in zip(places, readings, strict=True)
        if one.interval is not None
    ]
    if bars:
        axes.vlines(*zip(*bars, strict=True), color=color, lw=lw, alpha=0.8)


def draw_crosses(axes: Axes, places: Sequence[float], color: str) -> None:
    """Crosses at the lower edge, for what was tried and has no number."""
    axes.plot(
        places,
        [0.025] * len(places),
        ls="",
        marker="x",
        ms=3.5,
        color=color,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        zorder=4,
    )
