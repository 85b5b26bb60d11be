from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.results import Verdict
from ms25_suite.report.section import Block, Column, Section, Table

COLUMNS = (Column("dataset", "dataset"), Column("value", "number"), Column("verdict", "verdict"))


def test_a_table_holds_texts_and_verdicts() -> None:
    table = Table(COLUMNS, [("hea", "1.0", Verdict.PASS), ("cha", "", None)], frozenset({1}))
    assert len(table.rows) == 2
    assert Table((), []).rows == []


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        (("hea", "1.0"), ValueError, "row 0 of a table: expected 3 cells, one for each column"),
        (("hea", 1.0, None), TypeError, "column 'value': expected a text, found 1.0"),
        (("hea", None, None), TypeError, "column 'value': expected a text, found None"),
        (("hea", "1", "pass"), TypeError, "column 'verdict': expected a Verdict or None"),
        ((Verdict.PASS, "1", None), TypeError, "column 'dataset': expected a text"),
    ],
)
def test_other_cells_are_refused(row: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Table(COLUMNS, [row])


def test_an_empty_block_is_possible() -> None:
    section = Section((Block(),))
    assert (section.note, section.blocks[0].tables) == ("", ())
