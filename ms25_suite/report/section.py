"""Section of a criterion in the report: drawings, tables and notes, without any HTML.

A criterion names a function ``(run, results) -> Section | None`` in its entry of the catalogue
(`ms25_suite.core.catalogue.Criterion.section`). ``run`` is a `RunRecord`, and ``results`` are
all results of the report, sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ms25_suite.core.results import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Block", "CellKind", "Column", "Drawing", "Section", "Table"]

CellKind = Literal["text", "name", "dataset", "quantity", "number", "interval", "verdict"]
"""How a column looks: long names are broken, also those of datasets, which get a dagger where the
reference stands in for that of the paper; numbers are flush right; a verdict has its colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A figure of matplotlib.

    Parameters
    ----------
    figure
        The figure; see `ms25_suite.report.figures` for its canvas, colours and legends.
    alt
        What it shows in words, for those who do not see it.
    many_points
        Whether it is embedded as PNG, which is smaller than SVG if there are thousands of points.
    """

    figure: Figure
    alt: str
    many_points: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """Heading of a column, and how its cells look."""

    heading: str
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts, numbers as texts, and verdicts.

    Parameters
    ----------
    columns
        Columns from left to right.
    rows
        A cell for each column: a `Verdict` in a column of verdicts, or None for a number without a
        threshold; a text in every other column.
    stand_ins
        Indices of the rows whose reference stands in for that of the paper.
    caption
        Sentence above the table.

    Raises
    ------
    ValueError
        A row has another number of cells than there are columns.
    TypeError
        A cell is not what its column holds.
    """

    columns: tuple[Column, ...]
    rows: Sequence[tuple[str | Verdict | None, ...]]
    stand_ins: frozenset[int] = frozenset()
    caption: str = ""

    def __post_init__(self) -> None:
        for place, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                msg = (
                    f"row {place} of a table: expected {len(self.columns)} cells, one for each "
                    f"column, found {len(row)}"
                )
                raise ValueError(msg)
            for column, cell in zip(self.columns, row, strict=True):
                is_verdict = cell is None or isinstance(cell, Verdict)
                # None is a verdict too: that of a number without a threshold.
                if is_verdict is not (column.kind == "verdict") or not (
                    is_verdict or isinstance(cell, str)
                ):
                    expected = "a Verdict or None" if column.kind == "verdict" else "a text"
                    msg = (
                        f"row {place} of a table, column {column.heading!r}: expected {expected}, "
                        f"found {cell!r}"
                    )
                    raise TypeError(msg)


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
