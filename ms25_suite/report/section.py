"""What a criterion shows in the report: drawings, tables and notes, without any HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ms25_suite.core.results import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Block", "CellKind", "Column", "Drawing", "Section", "Table"]

CellKind = Literal["text", "name", "quantity", "number", "interval", "verdict"]
"""How a column looks: names do not break, numbers are aligned, a verdict gets its colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A figure of matplotlib, and what it shows in words for those who do not see it."""

    figure: Figure
    alt: str


@dataclass(frozen=True, slots=True)
class Column:
    """Heading of a column, and how its cells look."""

    heading: str
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words, numbers in words, and verdicts.

    Parameters
    ----------
    columns
        Columns from left to right.
    rows
        A cell for each column; None in a column of verdicts is a number without a threshold.
    stand_ins
        Indices of the rows whose reference stands in for that of the paper.
    caption
        Sentence above the table.
    """

    columns: tuple[Column, ...]
    rows: Sequence[tuple[str | Verdict | None, ...]]
    stand_ins: frozenset[int] = frozenset()
    caption: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A part of a section, in the order: heading, drawing, points, tables, note.

    Parameters
    ----------
    heading
        Heading, for instance the name of a dataset; empty for none.
    stand_in
        Whether the reference stands in for that of the paper.
    drawing, points, tables, note
        A figure, sentences of a list, tables, and small print below.
    """

    heading: str = ""
    stand_in: bool = False
    drawing: Drawing | None = None
    points: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Section of the report about one criterion; its heading is the title of the criterion."""

    blocks: tuple[Block, ...]
    note: str = ""
