"""The heatmap: one number per potential, dataset and quantity, as in the paper's Figure 2."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.results import Verdict
from ms25_suite.report.comparisons import MARK
from ms25_suite.report.figures.canvas import MUTED, RULE, new_figure, wrapped, write_text
from ms25_suite.report.figures.colors import text_color
from ms25_suite.report.figures.numbers import note_numbers
from ms25_suite.report.figures.scales import HeatmapScale, Shade, scale_by_marks, scale_of_paper
from ms25_suite.report.grid import Cell, Column, Grid
from ms25_suite.report.wording import (
    QUANTITY_LETTERS,
    SYMBOLS,
    cell_number,
    footnote,
    middle_cut,
    verdict_word,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_heatmap"]

# Inches.
_CELL_WIDTH: Final = 0.68
_CELL_HEIGHT: Final = 0.50
_GAP: Final = 0.10
_HEAD: Final = 0.30
_LINE: Final = 0.17
_MARGIN: Final = 0.15
_BLOCK_COLUMNS: Final = 15
_MAX_NOTES: Final = 12
_CHARACTER: Final = 0.0085
"""Mean width of a character of DejaVu Sans per point of font size."""

_SHORT: Final = {Verdict.UNDECIDED: "undec.", Verdict.INCOMPARABLE: "incomp."}
"""Words that are too long for a cell."""


_FRAMES: Final[dict[Verdict | None, Any]] = {
    Verdict.FAIL: "-",
    Verdict.ERROR: "-",
    Verdict.UNDECIDED: (0, (3, 2)),
}
"""Style of the frame of a cell."""

_INSET: Final = 0.03


@dataclass(frozen=True, slots=True)
class _Block:
    """Datasets that stand side by side."""

    groups: tuple[tuple[Column, ...], ...]

    @property
    def width(self) -> float:
        """Width in inches."""
        return sum(map(_group_width, self.groups)) + _GAP * (len(self.groups) - 1)

    @property
    def head(self) -> float:
        """Height of the headings in inches."""
        return _HEAD + 0.05 + _LINE * max(len(_heading(group)) for group in self.groups)


def draw_heatmap(grid: Grid, title: str, scale: HeatmapScale = "marks") -> Figure:
    """Draw a grid.

    Empty cells are hatched and say why; long tables are broken into blocks of whole datasets. What
    fails has a frame, and what is undecided a dashed one.

    Parameters
    ----------
    grid
        The numbers.
    title
        Text above them.
    scale
        ``marks``: each number by its ratio to its threshold. ``paper``: one logarithmic inferno
        scale over meV/atom, meV/Å and meV/Å^3, as in the paper's Figure 2, where a value of exactly
        zero takes the lowest colour.
    """
    blocks = _blocks(grid.columns)
    labels = {row: wrapped(row, 26, 2) for row in grid.rows}
    longest = max((len(line) for lines in labels.values() for line in lines), default=0)
    left = _MARGIN + 9 * _CHARACTER * longest + 0.12
    width = max(left + max((block.width for block in blocks), default=0.0) + _MARGIN, 5.6)
    notes = _notes(grid, width)
    rows = len(grid.rows)
    body = sum(block.head + rows * _CELL_HEIGHT + 0.2 for block in blocks) if rows else 0.5
    height = 0.5 + body + (0.85 if grid.values else 0.1) + _LINE * len(notes) + 0.1

    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    write_text(axes, _MARGIN, 0.27, title, 11, weight="bold", ha="left")

    shade, draw_bar = scale_by_marks() if scale == "marks" else scale_of_paper(grid)
    y = 0.5
    if not rows:
        write_text(
            axes, _MARGIN, y + 0.2, "No error of energies, forces or stresses.", 9, ha="left"
        )
    for block in blocks if rows else []:
        y = _draw_block(axes, grid, block, labels, left, y, shade)
    y = 0.5 + body
    if grid.values:
        bar_width = min(3.6, width - 2 * _MARGIN - 0.4)
        bar = figure.add_axes(
            (max(left, _MARGIN) / width, 1 - (y + 0.17) / height, bar_width / width, 0.14 / height)
        )
        if (max(left, _MARGIN) + bar_width) > width - _MARGIN:
            bar.set_position(
                (_MARGIN * 2 / width, 1 - (y + 0.17) / height, bar_width / width, 0.14 / height)
            )
        draw_bar(figure, bar)
        y += 0.85
    for note in notes:
        write_text(axes, _MARGIN, y + _LINE / 2, note, 7.5, ha="left", color=MUTED)
        y += _LINE
    return figure


def _draw_block(
    axes: Axes,
    grid: Grid,
    block: _Block,
    labels: dict[str, list[str]],
    left: float,
    top: float,
    shade: Shade,
) -> float:
    y = top + block.head
    for number, row in enumerate(grid.rows):
        middle = y + (number + 0.5) * _CELL_HEIGHT
        for line, shift in zip(labels[row], _centred(len(labels[row])), strict=True):
            write_text(axes, left - 0.12, middle + shift, line, 9, ha="right")
    x = left
    for group in block.groups:
        width = _group_width(group)
        lines = _heading(group)
        for number, line in enumerate(lines):
            at = y - _HEAD - (len(lines) - number - 0.5) * _LINE
            write_text(axes, x + width / 2, at, line, 9, weight="bold")
        axes.plot((x + 0.03, x + width - 0.03), (y - _HEAD + 0.03,) * 2, color=RULE, lw=0.8)
        cell_width = width / len(group)
        for index, column in enumerate(group):
            at = x + index * cell_width
            word = middle_cut(column.heading, 10) or QUANTITY_LETTERS[column.quantity]
            size = 7.5 if column.heading else 9
            write_text(axes, at + cell_width / 2, y - 0.12, word, size, color=MUTED)
            for number, row in enumerate(grid.rows):
                corner, cell = (at, y + number * _CELL_HEIGHT), grid.cells[row, column]
                _draw_cell(axes, grid, cell, corner, cell_width, shade)
                _note(axes, row, column, cell)
        x += width + _GAP
    return y + len(grid.rows) * _CELL_HEIGHT + 0.2


def _draw_cell(
    axes: Axes,
    grid: Grid,
    cell: Cell,
    corner: tuple[float, float],
    width: float,
    shade: Shade,
) -> None:
    from matplotlib.patches import Rectangle

    x, y = corner[0] + width / 2, corner[1] + _CELL_HEIGHT / 2
    size = (width, _CELL_HEIGHT)
    if cell.value is None:
        axes.add_patch(
            Rectangle(corner, *size, facecolor="white", edgecolor=RULE, hatch="////", linewidth=0)
        )
        reasons = grid.reasons
        number = f" [{reasons.index(cell.reason) + 1}]" if cell.reason else ""
        lines = wrapped(cell.word, 9, 1) + ([number.strip()] if number else [])
        for line, shift in zip(lines, _centred(len(lines), 0.15), strict=True):
            # A white ground keeps the hatch out of the letters.
            write_text(axes, x, y + shift, line, 7, ground=0.8)
    else:
        color = shade(cell)
        axes.add_patch(Rectangle(corner, *size, facecolor=color, edgecolor="none"))
        ink = text_color(color)
        # The verdict ``incomparable`` has the sign already.
        is_marked = cell.incomparable and cell.verdict is not Verdict.INCOMPARABLE
        number = cell_number(cell.value) + (f" {MARK}" if is_marked else "")
        if cell.verdict is None:
            write_text(axes, x, y, number, 9, color=ink)
        else:
            write_text(axes, x, y - 0.07, number, 9, color=ink, weight="bold")
            word = _SHORT.get(cell.verdict) or verdict_word(cell.verdict)
            write_text(axes, x, y + 0.11, f"{SYMBOLS[cell.verdict]} {word}", 6.5, color=ink)
    axes.add_patch(Rectangle(corner, *size, facecolor="none", edgecolor="white", linewidth=1.2))
    style = _FRAMES.get(cell.verdict) if cell.value is not None else None
    if style is not None:
        inner = (corner[0] + _INSET, corner[1] + _INSET)
        size = (width - 2 * _INSET, _CELL_HEIGHT - 2 * _INSET)
        axes.add_patch(
            Rectangle(inner, *size, facecolor="none", edgecolor=ink, linewidth=1.4, ls=style)
        )


def _note(axes: Axes, row: str, column: Column, cell: Cell) -> None:
    at: dict[str, Any] = {} if cell.result is not None else {"dataset": column.label}
    note_numbers(
        axes,
        [cell.value],
        intervals=[None if cell.result is None else cell.result.interval],
        result=cell.result,
        series=row,
        quantity=column.quantity,
        unit=cell.unit,
        reason=cell.reason or cell.word,
        **at,
    )


def _notes(grid: Grid, width: float) -> list[str]:
    characters = int((width - 2 * _MARGIN) / (7.5 * _CHARACTER))
    notes: list[str] = []
    if grid.thresholds:
        notes += wrapped(f"thresholds {'; '.join(grid.thresholds)}", characters, 4)
    for note in grid.notes:
        notes += wrapped(note, characters, 4)
    for number, reason in enumerate(grid.reasons[:_MAX_NOTES], start=1):
        notes += wrapped(f"[{number}] {footnote(reason)}", characters, 3)
    more = len(grid.reasons) - _MAX_NOTES
    if more > 0:
        notes.append(f"… and {more} more {'reason' if more == 1 else 'reasons'} in the table.")
    return notes


def _blocks(columns: Sequence[Column]) -> list[_Block]:
    """Few blocks, and of those the narrowest: no full one beside a short rest."""
    groups = [tuple(group) for _, group in itertools.groupby(columns, key=lambda c: c.label)]
    widths = range(3, _BLOCK_COLUMNS + 1)
    candidates = [_filled(groups, width) for width in widths]
    # `min` keeps the first of equal ones: among the fewest blocks the narrowest.
    return min(candidates, key=len)


def _filled(groups: Sequence[tuple[Column, ...]], columns: int) -> list[_Block]:
    blocks: list[list[tuple[Column, ...]]] = []
    for group in groups:
        if not blocks or sum(map(len, blocks[-1])) + len(group) > columns:
            blocks.append([])
        blocks[-1].append(group)
    return [_Block(tuple(block)) for block in blocks]


def _group_width(group: Sequence[Column]) -> float:
    return max(len(group) * _CELL_WIDTH, 1.3)


def _heading(group: Sequence[Column]) -> list[str]:
    characters = int(_group_width(group) / (9 * _CHARACTER * 1.12))
    lines = wrapped(group[0].label, characters - 1, 3) or ["(no name)"]
    if group[0].stand_in:
        lines[-1] += "†"
    return [middle_cut(line, characters + 1) for line in lines]


def _centred(count: int, step: float = _LINE) -> list[float]:
    return [(number - (count - 1) / 2) * step for number in range(count)]
