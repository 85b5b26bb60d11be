from __future__ import annotations

from typing import Any

from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.grid import Grid, build_grid, stand_in_notes, without_model_notes
from tests.helpers.reports import make_result


def result(**changes: Any) -> CheckResult:
    values = {
        "potential": "p",
        "quantity": "energy",
        "unit": "meV/atom",
        "interval": None,
        "threshold": None,
        "value": 1.25,
    }
    return make_result(**(values | changes))


def grid_of(*results: CheckResult, run: RunRecord | None = None) -> Grid:
    return build_grid(run or RunRecord(), results, "error_thresholds")


def test_grid_holds_what_was_found() -> None:
    grid = grid_of(
        result(),
        result(quantity="forces", value=30.0, unit="meV/Å"),
        result(potential="q", quantity="forces", value=None, verdict=Verdict.SKIP, reason="why"),
        result(quantity="energy", metric="rmse", value=7.0),
        result(criterion="eos", quantity="volume", metric="error", value=8.0),
    )
    assert grid.rows == ("p", "q")
    assert [(c.label, c.quantity) for c in grid.columns] == [("mgo", "energy"), ("mgo", "forces")]
    assert sorted(grid.values) == [1.25, 30.0]
    assert grid.units == ["meV/atom", "meV/Å"]
    energy, forces = grid.columns
    assert grid.cells["q", forces].word == "skip"
    assert grid.cells["q", forces].reason == "why"
    assert grid.cells["q", energy].word == "not run"
    assert grid.reasons == ["why"]


def test_failure_without_a_quantity_is_one_of_all() -> None:
    error = result(potential="q", quantity="", value=None, verdict=Verdict.ERROR, reason="no model")
    grid = grid_of(result(), result(quantity="stress"), error)
    assert [grid.cells["q", column].word for column in grid.columns] == ["error", "error"]
    alone = grid_of(error)
    assert {cell.word for cell in alone.cells.values()} == {"error"}


def test_value_is_not_hidden_by_a_failure_of_all() -> None:
    error = result(quantity="", value=None, verdict=Verdict.ERROR, reason="later")
    for order in ((result(), error), (error, result())):
        grid = grid_of(*order)
        assert grid.cells["p", grid.columns[0]].value == 1.25


def test_transfer_has_a_column_of_its_own() -> None:
    grid = grid_of(result(), result(test_dataset="hea"))
    assert [column.label for column in grid.columns] == ["mgo", "mgo → hea"]


def test_rows_are_in_the_order_of_the_run() -> None:
    run = RunRecord(potentials=(PotentialRecord(name="z"), PotentialRecord(name="p")))
    assert grid_of(result(), result(potential="z"), result(potential="a"), run=run).rows == (
        "z",
        "p",
        "a",
    )


def test_numbers_of_two_levels_of_theory_are_marked() -> None:
    found = build_grid(RunRecord(), [result(incomparable=True)], "error_thresholds")
    assert [cell.incomparable for cell in found.cells.values() if cell.value is not None] == [True]
    assert found.notes[-1].startswith("≠ two levels of theory, no error of the potential")


def test_stand_ins_of_the_run_and_of_the_results_are_noted() -> None:
    run = RunRecord(datasets=(DatasetRecord(name="own", stand_in=True, level_of_theory="xTB"),))
    results = [
        result(test_dataset="own"),
        result(stand_in=True),
        result(test_dataset="hea", stand_in=True, level_of_theory="xTB"),
    ]
    assert stand_in_notes(run, results) == [
        "† stand-in reference: xTB (own, hea)",
        "† stand-in reference: level of theory not stated (mgo)",
    ]


def test_errors_without_a_model_are_listed_by_dataset() -> None:
    results = [
        result(details={"without_model": 12.0}),
        result(potential="q", details={"without_model": 12.0}),
        result(quantity="forces", unit="meV/Å", details={"without_model": 345.0}),
        result(quantity="stress", details={"without_model": "many"}),
    ]
    assert without_model_notes(results) == [
        "mean absolute errors without a model: energy 12.0 meV/atom, forces 345 meV/Å (mgo)"
    ]
