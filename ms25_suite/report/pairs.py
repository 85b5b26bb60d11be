"""Errors by own dataset and tested dataset, as in the Figures 4 and 6 of the MS25 paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.report.grid import Cell, Column, Grid, cell_of, missing_cell, stand_in_notes
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.wording import QUANTITIES, pair_label, value_text

__all__ = ["PAIR_CRITERIA", "build_pair_grid", "ratio_rows", "without_repeats"]

PAIR_CRITERIA: Final = ("size_extensivity", "framework_transfer")
"""Criteria that compare the frames of two datasets."""

_NAMES: Final = {"energy": "Energy", "forces": "Forces", "stress": "Stress"}


def build_pair_grid(run: RunRecord, results: Sequence[CheckResult], criterion: str) -> Grid:
    """Arrange the errors of one criterion: rows of potentials, columns of tested datasets.

    A row is a potential and its own dataset: the one that it was trained on, or is taken to be
    for.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        Sorted results; shown are the mean absolute errors and the errors of checks.
    criterion
        One of `PAIR_CRITERIA`.
    """
    chosen = [result for result in results if _belongs(result, criterion)]
    rows = {
        (potential, result.dataset): f"{potential}, from {result.dataset}"
        for potential in sort_potentials(run, chosen)
        for result in chosen
        if result.potential == potential
    }
    tests: dict[str, bool] = {}
    for result in (*(r for r in chosen if r.dataset == r.test_dataset), *chosen):
        tests[result.test_dataset] = tests.get(result.test_dataset, False) or result.stand_in
    found = {result.quantity for result in chosen if result.quantity}
    columns = {
        (quantity, test): Column(
            _NAMES[quantity], quantity, False, f"{test}{'†' if stand_in else ''}"
        )
        for quantity in QUANTITIES
        if quantity in (found or QUANTITIES)
        for test, stand_in in tests.items()
    }
    cells: dict[tuple[str, Column], Cell] = {
        (row, column): missing_cell() for row in rows.values() for column in columns.values()
    }
    for result in chosen:
        row = rows[result.potential, result.dataset]
        for quantity in (result.quantity,) if result.quantity else QUANTITIES:
            column = columns.get((quantity, result.test_dataset))
            if column is not None and cells[row, column].value is None:
                cells[row, column] = cell_of(result)
    notes = tuple(stand_in_notes(run, chosen))
    return Grid(tuple(rows.values()), tuple(columns.values()), cells, notes)


def without_repeats(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Results without those that repeat an error threshold.

    A criterion on pairs measures the errors on a potential's own frames too. They are left out
    where `error_thresholds` has the same error with a verdict.
    """

    def what(result: CheckResult) -> tuple[str, ...]:
        return (result.test_dataset, result.potential, result.quantity, result.metric)

    judged = {what(result) for result in results if result.criterion == "error_thresholds"}
    return [
        result
        for result in results
        if result.criterion not in PAIR_CRITERIA
        or result.dataset != result.test_dataset
        or result.verdict is not None
        or what(result) not in judged
    ]


def ratio_rows(
    run: RunRecord, results: Sequence[CheckResult], criterion: str
) -> list[dict[str, Any]]:
    """Rows of the table of error ratios (other frames over own frames), by potential."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        if result.criterion != criterion or result.metric != "ratio" or result.value is None:
            continue
        pair = pair_label(result.dataset, result.test_dataset)
        row = rows.setdefault((result.potential, pair), {"quantities": {}})
        row |= {"potential": result.potential, "pair": pair, "stand_in": result.stand_in}
        row["quantities"][result.quantity] = value_text(result.value, result.interval)
    names = sort_potentials(run, results)
    return sorted(rows.values(), key=lambda row: names.index(row["potential"]))


def _belongs(result: CheckResult, criterion: str) -> bool:
    if result.criterion != criterion:
        return False
    if not result.quantity:
        # A check that was skipped altogether has no cell.
        return result.verdict is Verdict.ERROR
    if result.quantity not in QUANTITIES:
        return False
    return result.metric == "mae"
