"""Each row of the page has a scenario, and each scenario a row."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.plugin.bad_input.rows import SCENARIOS, read_rows

ROWS = read_rows()


@pytest.fixture(scope="module", autouse=True)
def _all_scenarios() -> None:
    """Import all of them, also if one module is run alone."""
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.plugin.bad_input.{path.stem}")


def test_the_page_is_read() -> None:
    assert len(ROWS) > 70
    codes = {row.exit_code for row in ROWS.values()}
    assert codes == {0, 1, 3, 4, 5, 10, "as judged", None}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_has_a_scenario(what: str) -> None:
    assert what in SCENARIOS, "no scenario is decorated with @row of this text"


def test_a_scenario_has_a_row() -> None:
    assert sorted(set(SCENARIOS) - set(ROWS)) == []
