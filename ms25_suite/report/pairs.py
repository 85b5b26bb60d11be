"""Errors by own dataset and tested dataset, as in the Figures 4 and 6 of the MS25 paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.comparisons import marked
from ms25_suite.report.criteria import criterion_title, error_criterion, is_transfer
from ms25_suite.report.figures.heatmap import draw_heatmap
from ms25_suite.report.grid import Cell, Column, Grid, cell_of, missing_cell, stand_in_notes
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.section import Block, Drawing, Section, Table
from ms25_suite.report.section import Column as TableColumn
from ms25_suite.report.wording import QUANTITY_LETTERS, pair_label, value_text

__all__ = ["build_pair_grid", "pair_section", "ratio_table", "without_repeats"]

_NAMES: Final = {"energy": "Energy", "forces": "Forces", "stress": "Stress"}

_NOTE: Final = (
    "Rows: a potential, and the dataset that it was trained on or is taken to be for. Columns: the "
    "frames that it was tested on. Errors on frames of its own dataset are measured here for "
    "comparison; their verdicts are those of {title}."
)

_RATIO_CAPTION: Final = (
    "Degradation: the mean absolute error on the other frames divided by that on the potential's "
    "own frames. 1 means no loss."
)


def pair_section(run: RunRecord, results: Sequence[CheckResult], criterion: str) -> Section | None:
    """Section of a criterion that compares two datasets: a heatmap, and the ratios of the errors.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        Sorted results of the report.
    criterion
        Name of the criterion.

    Returns
    -------
    :
        None if there is no error to show.
    """
    grid = build_pair_grid(run, results, criterion)
    if not grid.rows:
        return None
    title = criterion_title(criterion)
    alt = (
        f"Heatmap of mean absolute errors, {title}: {len(grid.rows)} rows of potentials and "
        f"what they are for, {len(grid.columns)} columns of what they were tested on."
    )
    drawing = Drawing(draw_heatmap(grid, f"{title}: mean absolute errors"), alt)
    note = _NOTE.format(title=criterion_title(error_criterion()))
    ratios = ratio_table(run, results, criterion)
    blocks = [Block(drawing=drawing, note=note)]
    if ratios.rows:
        blocks.append(Block(tables=(ratios,)))
    return Section(tuple(blocks))


def build_pair_grid(run: RunRecord, results: Sequence[CheckResult], criterion: str) -> Grid:
    """Arrange the errors of one criterion: rows of potentials, columns of tested datasets.

    A row is a potential and its own dataset: the one that it was trained on, or is taken to be
    for.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        Sorted results; mean absolute errors are shown, and those results that say why there is
        none.
    criterion
        Name of a criterion that compares two datasets.
    """
    chosen = [result for result in results if _belongs(result, criterion)]
    rows = {
        (potential, result.dataset): f"{potential}, from {result.dataset}"
        for potential in sort_potentials(run, chosen)
        for result in chosen
        if result.potential == potential
    }
    tests: dict[str, bool] = {}
    # Own datasets first, so that the diagonal of the figure is where the paper has it.
    for result in (*(r for r in chosen if r.dataset == r.test_dataset), *chosen):
        tests[result.test_dataset] = tests.get(result.test_dataset, False) or result.stand_in
    found = {result.quantity for result in chosen if result.quantity}
    columns = {
        (quantity, test): Column(
            _NAMES[quantity], quantity, False, f"{test}{'†' if stand_in else ''}"
        )
        for quantity in QUANTITY_LETTERS
        if quantity in (found or QUANTITY_LETTERS)
        for test, stand_in in tests.items()
    }
    cells: dict[tuple[str, Column], Cell] = {
        (row, column): missing_cell() for row in rows.values() for column in columns.values()
    }
    for result in chosen:
        row = rows[result.potential, result.dataset]
        for quantity in (result.quantity,) if result.quantity else QUANTITY_LETTERS:
            column = columns.get((quantity, result.test_dataset))
            if column is not None and cells[row, column].value is None:
                cells[row, column] = cell_of(result)
    notes = tuple(stand_in_notes(run, chosen))
    return Grid(tuple(rows.values()), tuple(columns.values()), cells, notes)


def without_repeats(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Results without duplicates: errors that another criterion has already judged.

    A comparison of two datasets also measures a potential's errors on its own dataset. They are
    left out where the criterion of the errors judged the same ones.
    """

    def what(result: CheckResult) -> tuple[str, ...]:
        return (result.test_dataset, result.potential, result.quantity, result.metric)

    judges_errors = error_criterion()
    judged = {what(result) for result in results if result.criterion == judges_errors}
    return [
        result
        for result in results
        if not is_transfer(result.criterion)
        or result.dataset != result.test_dataset
        or result.verdict is not None
        or what(result) not in judged
    ]


def ratio_table(run: RunRecord, results: Sequence[CheckResult], criterion: str) -> Table:
    """How much larger the errors on the other frames are, in the order of the grid."""
    found: dict[tuple[str, str], dict[str, CheckResult]] = {}
    for result in results:
        if result.criterion == criterion and result.metric == "ratio" and result.value is not None:
            pair = pair_label(result.dataset, result.test_dataset)
            found.setdefault((result.potential, pair), {})[result.quantity] = result
    names = sort_potentials(run, results)
    keys = sorted(found, key=lambda key: names.index(key[0]))
    columns = [TableColumn("potential", "name"), TableColumn("from → to", "dataset")]
    for quantity in QUANTITY_LETTERS:
        columns.append(TableColumn(quantity, "number"))
        columns.append(TableColumn("95 % interval", "interval"))
    rows = []
    for key in keys:
        texts: list[str] = []
        for quantity in QUANTITY_LETTERS:
            ratio = found[key].get(quantity)
            if ratio is None:
                texts += ("", "")
                continue
            value, interval = value_text(ratio.value or 0.0, ratio.interval)
            texts += (marked(value, ratio), interval)
        rows.append((*key, *texts))
    stand_ins = frozenset(
        place
        for place, key in enumerate(keys)
        if any(ratio.stand_in for ratio in found[key].values())
    )
    return Table(tuple(columns), rows, stand_ins, _RATIO_CAPTION)


def _belongs(result: CheckResult, criterion: str) -> bool:
    if result.criterion != criterion:
        return False
    if not result.quantity:
        # A check that was skipped for lack of a partner has no cell.
        return result.verdict is Verdict.ERROR
    return result.quantity in QUANTITY_LETTERS and result.metric == "mae"
