"""Tables and cells in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "table"]


def cell(text: str) -> str:
    """Text as a cell of a table: in one line, without signs of HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def code(text: str) -> str:
    """Text in the letters of code; empty text stays empty."""
    return f"`{' '.join(text.split())}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells below their heads."""
    escaped = ([one.replace("|", "\\|") for one in row] for row in rows)
    lines = [heads, ["---"] * len(heads), *escaped]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
