"""Heatmap of errors at the size of a publication: datasets by architectures, for each quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ms25_suite.campaign.paper.figures.style import (
    INCOMPLETE,
    SMALL,
    TEXT,
    WIDTH,
    notes_height,
    print_footnotes,
    text_width,
)
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.text.shown import shown_lines
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.report.comparisons import MARK
from ms25_suite.report.figures.canvas import RULE, new_figure, write_text
from ms25_suite.report.figures.colors import (
    color_range,
    shade_of,
    text_color,
    ticks_between,
)
from ms25_suite.report.wording import cell_number, middle_cut, number, pretty_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ms25_suite.report.figures.colors import Color

__all__ = ["HeatPanel", "Shown", "draw_heatmap"]

_NAMES: Final = {"energy": "Energy", "forces": "Force", "stress": "Stress"}
_MARGIN: Final = 0.08
_GAP: Final = 0.12
_LEAST_CELL: Final = 0.36
_MOST_SIDE_BY_SIDE: Final = 6
_MOST_IN_A_ROW: Final = 16

Shown: TypeAlias = Mapping[tuple[int, str, str], Reading]
"""Readings by row, quantity and label of the variant."""


@dataclass(frozen=True, slots=True)
class HeatPanel:
    """Rows of cells below a title.

    Parameters
    ----------
    title
        Such as ``100 training frames``.
    rows
        Labels.
    shown
        The cells.
    """

    title: str
    rows: Sequence[str]
    shown: Shown


def draw_heatmap(
    panels: Sequence[HeatPanel],
    variants: Sequence[Variant],
    quantities: Sequence[str],
    notes: Sequence[str],
) -> Figure:
    """Draw panels one above the other, with one logarithmic inferno scale as in the paper.

    Parameters
    ----------
    panels
        What is shown.
    variants
        Columns.
    quantities
        Blocks of columns: ``energy``, ``forces``, ``stress``.
    notes
        Small print below.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    readings = [one for panel in panels for one in panel.shown.values()]
    if any(one.missing and one.value is not None for one in readings):
        notes = [*notes, f"{INCOMPLETE} Without those sets or seeds that have no number."]
    spread = any(one.of_several for one in readings)
    labels = [middle_cut(row, 26) for panel in panels for row in panel.rows]
    left = _MARGIN + max((text_width(label, TEXT) for label in labels), default=0.3) + 0.06
    # Blocks side by side, as long as their numbers can be read; else one below the other.
    rows_of_blocks = [list(quantities)]
    if len(variants) > _MOST_SIDE_BY_SIDE:
        rows_of_blocks = [[quantity] for quantity in quantities]
    across = max(map(len, rows_of_blocks))
    free = WIDTH - left - _MARGIN - _GAP * (across - 1)
    cell = max(free / (across * max(len(variants), 1)), _LEAST_CELL)
    # Wide enough for the name of the quantity above the block.
    cell = min(cell, max(0.62, 1.05 / max(len(variants), 1)))
    width = left + across * len(variants) * cell + _GAP * (across - 1) + _MARGIN
    width = max(width, 3.3)
    height_of_cell = 0.3 if spread else 0.22
    slanted = any(text_width(_head_label(one), SMALL + 0.5) > cell for one in variants)
    longest = max((text_width(_head_label(one), SMALL + 0.5) for one in variants), default=0)
    if slanted:
        # The last name leans over the edge.
        width += max(0.0, 0.75 * longest - 0.5 * cell)
    head = 0.17 + (0.08 + 0.75 * longest if slanted else 0.14)
    body = sum(
        0.2 + len(rows_of_blocks) * (head + len(panel.rows) * height_of_cell) + 0.1
        for panel in panels
    )
    foot = notes_height(notes, width)
    height = 0.04 + body + 0.46 + foot
    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    low, high = color_range([one.value for one in readings if one.value is not None])
    norm = LogNorm(low, high, clip=True)
    shade = shade_of(norm)
    y = 0.04
    for place_of_panel, panel in enumerate(panels):
        letter = f"({chr(ord('a') + place_of_panel)}) " if len(panels) > 1 else ""
        write_text(
            axes, _MARGIN, y + 0.1, f"{letter}{panel.title}", TEXT + 1, weight="bold", ha="left"
        )
        y += 0.2
        for blocks in rows_of_blocks:
            x = left
            y += head
            for place, label in enumerate(panel.rows):
                at = y + (place + 0.5) * height_of_cell
                write_text(axes, left - 0.05, at, middle_cut(label, 26), TEXT, ha="right")
            for quantity in blocks:
                size = (cell, height_of_cell)
                _draw_block(axes, panel, variants, quantity, (x, y), size, shade, slanted=slanted)
                _head(axes, quantity, x, x + len(variants) * cell, y - head + 0.07)
                x += len(variants) * cell + _GAP
            y += len(panel.rows) * height_of_cell
        y += 0.1
    bar_width = min(2.6, width - left - _MARGIN)
    bar = figure.add_axes((left / width, 1 - (y + 0.1) / height, bar_width / width, 0.08 / height))
    ticks = ticks_between(low, high)
    every = max(1, -(-len(ticks) * 3 // 16))
    mappable = ScalarMappable(norm, colormaps["inferno"])
    scale = figure.colorbar(mappable, cax=bar, orientation="horizontal", ticks=ticks[::every])
    scale.ax.minorticks_off()
    scale.ax.set_xticklabels([f"{tick:g}" for tick in ticks[::every]], fontsize=SMALL)
    scale.ax.tick_params(length=2, pad=1.5)
    units = ", ".join(pretty_unit(QUANTITY_UNITS[name]) for name in quantities)
    scale.set_label(f"MAE ({units}), one scale", fontsize=SMALL + 0.5, labelpad=1.5)
    print_footnotes(figure, notes)
    return figure


def _head_label(variant: Variant) -> str:
    return middle_cut(shown_lines(variant.label), 24)


def _head(axes: Axes, quantity: str, start: float, end: float, y: float) -> None:
    words = f"{_NAMES[quantity]} ({pretty_unit(QUANTITY_UNITS[quantity])})"
    write_text(axes, (start + end) / 2, y, words, TEXT)
    axes.plot((start + 0.02, end - 0.02), (y + 0.08,) * 2, color=RULE, lw=0.7)


def _draw_block(
    axes: Axes,
    panel: HeatPanel,
    variants: Sequence[Variant],
    quantity: str,
    corner: tuple[float, float],
    size: tuple[float, float],
    shade: Callable[[float], Color],
    *,
    slanted: bool,
) -> None:
    for column, variant in enumerate(variants):
        x = corner[0] + column * size[0]
        label = _head_label(variant)
        if slanted:
            axes.text(
                x + 0.35 * size[0],
                corner[1] - 0.03,
                label,
                fontsize=SMALL + 0.5,
                rotation=45,
                rotation_mode="anchor",
                ha="left",
                va="bottom",
                parse_math=False,
            )
        else:
            write_text(axes, x + size[0] / 2, corner[1] - 0.08, label, SMALL + 0.5)
        for row in range(len(panel.rows)):
            reading = panel.shown[row, quantity, variant.label]
            _draw_cell(axes, reading, (x, corner[1] + row * size[1]), size, shade)


def _draw_cell(
    axes: Axes,
    reading: Reading,
    corner: tuple[float, float],
    size: tuple[float, float],
    shade: Callable[[float], Color],
) -> None:
    from matplotlib.patches import Rectangle

    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    fill: dict[str, Any]
    if reading.value is None:
        fill = {"facecolor": "white", "edgecolor": RULE, "hatch": "//////", "linewidth": 0}
        axes.add_patch(Rectangle(corner, *size, **fill))
        edge = Rectangle(corner, *size, facecolor="none", edgecolor="white", linewidth=0.8)
        axes.add_patch(edge)
        write_text(axes, x, y, reading.sign, TEXT, ground=0.6)
    else:
        color = shade(reading.value)
        fill = {"facecolor": color, "edgecolor": "white", "linewidth": 0.8}
        axes.add_patch(Rectangle(corner, *size, **fill))
        ink = text_color(color)
        shown = cell_number(reading.value) + (MARK if reading.incomparable else "")
        # A mean of fewer than all must not look like one of all.
        shown += INCOMPLETE if reading.missing else ""
        if reading.of_several and reading.interval is not None:
            half = (reading.interval[1] - reading.interval[0]) / 2
            write_text(axes, x, y - 0.055, shown, SMALL + 0.5, color=ink)
            write_text(axes, x, y + 0.065, f"±{number(half, 2)}", SMALL - 0.8, color=ink)
        else:
            write_text(axes, x, y, shown, SMALL + 0.5, color=ink)
