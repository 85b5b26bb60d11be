from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.pairs import (
    build_pair_grid,
    pair_section,
    ratio_table,
    without_repeats,
)
from tests.helpers.reports import make_result


def result(own: str = "small", other: str = "large", **changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "criterion": "size_extensivity",
        "dataset": own,
        "test_dataset": other,
        "potential": "p",
        "quantity": "energy",
        "unit": "meV/atom",
        "interval": None,
        "threshold": None,
        "value": 1.25,
    }
    return make_result(**(values | changes))


def own(name: str = "small", **changes: Any) -> CheckResult:
    return result(name, name, **({"verdict": None, "value": 0.5} | changes))


@pytest.fixture
def both() -> list[CheckResult]:
    return [
        own(),
        result(value=4.0, verdict=Verdict.FAIL),
        result("large", "small", value=0.6),
        own("large"),
        result(metric="ratio", value=8.0, unit="1", interval=(7.0, 9.0), verdict=None),
        own(quantity="supercell_energy", metric="error", value=3.0, verdict=Verdict.FAIL),
    ]


def test_both_directions_are_a_matrix(both: list[CheckResult]) -> None:
    grid = build_pair_grid(RunRecord(), both, "size_extensivity")
    assert grid.rows == ("p, from small", "p, from large")
    assert [(c.label, c.heading) for c in grid.columns] == [
        ("Energy", "small"),
        ("Energy", "large"),
    ]
    small, large = grid.columns
    first, second = grid.rows
    values = [grid.cells[row, column].value for row in (first, second) for column in (small, large)]
    assert values == [0.5, 4.0, 0.6, 0.5]
    assert grid.cells[first, large].verdict is Verdict.FAIL
    assert grid.units == ["meV/atom"]


def test_potentials_come_in_the_order_of_the_run(both: list[CheckResult]) -> None:
    results = [own(potential="b"), own(potential="a"), own(potential="c")]
    run = RunRecord(potentials=(PotentialRecord(name="c"), PotentialRecord(name="a")))
    grid = build_pair_grid(run, results, "size_extensivity")
    assert grid.rows == ("c, from small", "a, from small", "b, from small")


def test_one_row_is_enough_and_what_is_missing_says_so() -> None:
    results = [
        own(),
        own(quantity="forces", value=12.0, unit="meV/Å"),
        result(value=None, verdict=Verdict.ERROR, reason="gone"),
        result(quantity="forces", value=None, verdict=Verdict.SKIP, reason="no forces"),
        own(potential="q"),
        result(potential="r", quantity="", value=None, verdict=Verdict.ERROR, reason="untrained"),
    ]
    grid = build_pair_grid(RunRecord(), results, "size_extensivity")
    words = {
        (row, column.quantity, column.heading): grid.cells[row, column].word
        for row in grid.rows
        for column in grid.columns
    }
    assert words["p, from small", "energy", "large"] == "error"
    assert words["p, from small", "forces", "large"] == "skip"
    assert words["q, from small", "energy", "large"] == "not run"
    assert words["r, from small", "forces", "large"] == "error"


def test_what_could_not_be_asked_is_no_cell() -> None:
    skipped = own(quantity="", value=None, verdict=Verdict.SKIP, reason="no partner")
    assert build_pair_grid(RunRecord(), [skipped], "size_extensivity").rows == ()


def test_stand_ins_are_marked_where_they_were_tested() -> None:
    grid = build_pair_grid(RunRecord(), [own(), result(stand_in=True)], "size_extensivity")
    assert [column.heading for column in grid.columns] == ["small", "large†"]
    assert grid.notes[0].startswith("† stand-in reference")


def test_the_figure_names_quantities_and_datasets(both: list[CheckResult]) -> None:
    grid = build_pair_grid(RunRecord(), both, "size_extensivity")
    with drawing():
        figure = draw_heatmap(grid, "title")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"Energy", "small", "large", "p, from small", "4.00", "0.500"} <= set(texts)


def test_ratios_are_a_row_for_each_pair(both: list[CheckResult]) -> None:
    more = result(metric="ratio", quantity="forces", value=2.0, unit="1", interval=None)
    first = result(potential="a", metric="ratio", value=1.0, unit="1", stand_in=True)
    run = RunRecord(potentials=(PotentialRecord(name="p"), PotentialRecord(name="a")))
    table = ratio_table(run, [first, *both, more], "size_extensivity")
    assert table.rows == [
        ("p", "small → large", "8.00", "[7.00, 9.00]", "2.00", "", "", ""),
        ("a", "small → large", "1.00", "", "", "", "", ""),
    ]
    assert table.stand_ins == {1}


def test_the_section_has_ratios_where_there_are_any(both: list[CheckResult]) -> None:
    with drawing():
        whole = pair_section(RunRecord(), both, "size_extensivity")
        errors = pair_section(RunRecord(), both[:2], "size_extensivity")
    assert whole is not None
    assert errors is not None
    assert [len(block.tables) for block in whole.blocks] == [0, 1]
    assert [len(block.tables) for block in errors.blocks] == [0]
    assert "those of Error thresholds" in whole.blocks[0].note
    assert pair_section(RunRecord(), both, "framework_transfer") is None


def test_own_errors_are_told_once(both: list[CheckResult]) -> None:
    judged = own(criterion="error_thresholds", verdict=Verdict.PASS)
    left = without_repeats([judged, *both])
    assert len(left) == len(both)
    assert judged in left
    assert both[0] not in left
    # That of the other dataset was judged nowhere else.
    assert both[3] in left
    assert without_repeats(both) == both
