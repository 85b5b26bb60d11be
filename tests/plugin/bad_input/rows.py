"""The rows of ``docs/bad-input.md``, and which scenario runs which of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.conftest import REPOSITORY

PAGE: Final = REPOSITORY / "docs" / "bad-input.md"

AS_JUDGED: Final = "as judged"

SCENARIOS: dict[str, list[Callable[..., Any]]] = {}
"""The scenarios of each row, by the text of its first cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the page promises for one kind of bad input.

    Parameters
    ----------
    section
        Title above the table.
    what
        First cell: what is wrong.
    happens
        Second cell: what happens.
    exit_code
        Exit code of a run of the checks; `AS_JUDGED` where it follows from the verdicts, None where
        the row promises none.
    """

    section: str
    what: str
    happens: str
    exit_code: int | str | None


def row(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a test as a scenario of the row whose first cell reads ``what``."""

    def register(scenario: Callable[..., Any]) -> Callable[..., Any]:
        scenario.row = what  # type: ignore[attr-defined]
        SCENARIOS.setdefault(what, []).append(scenario)
        return scenario

    return register


def read_rows() -> dict[str, Row]:
    """All rows of the page, by their first cell."""
    rows: dict[str, Row] = {}
    section, in_data = "", False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            in_data = line == "## Data"
        if match := re.fullmatch(r"\*\*(.+)\*\*", line):
            section = match[1]
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells or cells[0] == "what is wrong" or set(cells[0]) == {"-"}:
            continue
        what, happens = cells[:2]
        assert what not in rows, f"two rows of the page begin with {what!r}"
        code = _of_data(happens) if in_data else _code(cells[2])
        rows[what] = Row(section, what, happens, code)
    return rows


def _code(cell: str) -> int | str | None:
    # What follows a semicolon is of special cases; "5 if …" follows from the verdicts too.
    cell = AS_JUDGED if " if " in cell else cell
    if cell == "-":
        return None
    return cell if cell == AS_JUDGED else int(cell)


def _of_data(happens: str) -> int | str | None:
    """Exit code of the tables about data, which is in the words before them."""
    if happens.startswith("error"):
        return 4
    return AS_JUDGED if happens.startswith("the checks run") else None
