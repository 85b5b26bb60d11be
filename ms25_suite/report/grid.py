"""Cells of a heatmap of errors: potentials by datasets and quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ms25_suite.core.details import AlignmentDetails, details_of
from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.comparisons import mark_notes
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.wording import (
    QUANTITY_LETTERS,
    number,
    pair_label,
    plain_number,
    pretty_unit,
)

__all__ = [
    "Cell",
    "Column",
    "Grid",
    "aligned_notes",
    "build_grid",
    "cell_of",
    "missing_cell",
    "stand_in_notes",
    "without_model_notes",
]


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a heatmap: a dataset and a quantity.

    Parameters
    ----------
    label
        Name of the dataset, or ``trained on → tested on``.
    quantity
        ``energy``, ``forces`` or ``stress``.
    stand_in
        Whether the reference labels stand in for others.
    heading
        Text above the column; the letter of the quantity if it is empty.
    """

    label: str
    quantity: str
    stand_in: bool
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell of a heatmap: a number, or the reason why there is none.

    Parameters
    ----------
    value, unit
        The number and its unit; None if there is none.
    verdict
        Outcome of the check; None for a number without a threshold.
    word
        Word to show in place of a number, such as ``skip``; empty if there is a number.
    reason
        Why there is no number; empty if there is one.
    incomparable
        Whether the number compares two levels of theory.
    threshold
        What the number is judged by, in its unit; None if nothing.
    result
        The result behind it; None if the check was not run.
    """

    value: float | None
    unit: str
    verdict: Verdict | None
    word: str = ""
    reason: str = ""
    incomparable: bool = False
    threshold: float | None = None
    result: CheckResult | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Content of a heatmap.

    Parameters
    ----------
    rows
        Potentials.
    columns
        Datasets and quantities.
    cells
        Cell of each row and column.
    notes
        Lines to show below, about stand-in references.
    """

    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, Column], Cell]
    notes: tuple[str, ...]

    @property
    def values(self) -> list[float]:
        """All numbers."""
        return [cell.value for cell in self.cells.values() if cell.value is not None]

    @property
    def units(self) -> list[str]:
        """Units of the numbers, in the order of the quantities."""
        order = list(QUANTITY_LETTERS)
        pairs = {
            (order.index(column.quantity), cell.unit)
            for (_, column), cell in self.cells.items()
            if cell.value is not None and cell.unit
        }
        return list(dict.fromkeys(unit for _, unit in sorted(pairs)))

    @property
    def thresholds(self) -> list[str]:
        """Thresholds of each quantity with the datasets that have them, in words."""
        found: dict[str, dict[str, dict[str, None]]] = {}
        for (_, column), cell in self.cells.items():
            if cell.threshold is not None:
                text = f"{plain_number(cell.threshold)} {pretty_unit(cell.unit)}".rstrip()
                found.setdefault(column.quantity, {}).setdefault(text, {})[column.label] = None
        lines = []
        for quantity in QUANTITY_LETTERS:
            marks = found.get(quantity, {})
            parts = [
                f"{mark} ({', '.join(labels)})" if len(marks) > 1 else mark
                for mark, labels in marks.items()
            ]
            if parts:
                lines.append(f"{QUANTITY_LETTERS[quantity]}: {', '.join(parts)}")
        return lines

    @property
    def reasons(self) -> list[str]:
        """Distinct reasons of the empty cells, row by row."""
        cells = (self.cells[row, column] for row in self.rows for column in self.columns)
        return list(dict.fromkeys(cell.reason for cell in cells if cell.reason))


def missing_cell() -> Cell:
    """Cell of a check that was not run."""
    return Cell(None, "", None, "not run")


def build_grid(run: RunRecord, results: Sequence[CheckResult], criterion: str) -> Grid:
    """Arrange the mean absolute errors of one criterion.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials and the stand-in references.
    results
        Sorted results; shown are those with the metric ``mae`` of energy, forces or stress, and
        those without a value.
    criterion
        ``error_thresholds`` or another criterion with such errors.
    """
    chosen = [result for result in results if _belongs(result, criterion)]
    # One result with a stand-in reference marks all columns of its dataset.
    dagger = {result.test_dataset for result in chosen if result.stand_in}
    dagger |= {dataset.name for dataset in run.datasets if dataset.stand_in}
    pairs = dict.fromkeys((result.dataset, result.test_dataset) for result in chosen)
    columns = [
        Column(pair_label(*pair), quantity, (pair[1] or pair[0]) in dagger)
        for pair in pairs
        for quantity in _quantities(r for r in chosen if (r.dataset, r.test_dataset) == pair)
    ]
    rows = tuple(sort_potentials(run, chosen))
    cells: dict[tuple[str, Column], Cell] = {}
    for result in chosen:
        label = pair_label(result.dataset, result.test_dataset)
        for column in columns:
            # A check that failed before it came to a quantity counts for all of them.
            if column.label == label and result.quantity in (column.quantity, ""):
                at = (result.potential, column)
                # A number takes the place of a reason why there is none, not the other way round.
                if at not in cells or result.value is not None:
                    cells[at] = cell_of(result)
    for row in rows:
        for column in columns:
            cells.setdefault((row, column), missing_cell())
    return Grid(rows, tuple(columns), cells, tuple(stand_in_notes(run, chosen)))


def stand_in_notes(run: RunRecord, results: Iterable[CheckResult]) -> list[str]:
    """Lines on stand-in levels of theory, on what is marked `≠`, and on aligned energies."""
    results = list(results)
    datasets: dict[str, dict[str, None]] = {}
    listed = {dataset.name: dataset for dataset in run.datasets}
    for result in results:
        name = result.test_dataset or result.dataset
        dataset = listed.get(name, DatasetRecord(name=name))
        if result.stand_in or dataset.stand_in:
            theory = result.level_of_theory or dataset.level_of_theory
            datasets.setdefault(theory or "level of theory not stated", {})[name] = None
    daggers = [
        f"† stand-in reference: {theory} ({', '.join(names)})" for theory, names in datasets.items()
    ]
    return [*daggers, *mark_notes(results), *aligned_notes(results)]


def aligned_notes(results: Iterable[CheckResult]) -> list[str]:
    """One line for each potential and dataset whose energies are judged without constants."""
    found: dict[tuple[str, str], str] = {}
    for result in results:
        of = details_of(result, "alignment", AlignmentDetails)
        if of is not None:
            constants = ", ".join(f"{name} {number(x)}" for name, x in of.constants.items())
            plural = "" if of.n_parameters == 1 else "s"
            found[result.potential, result.test_dataset or result.dataset] = (
                f"{of.n_parameters} parameter{plural} fitted to {of.where} (meV/atom: {constants})"
            )
    return [
        f"aligned energies: those of {potential} on {dataset} are judged without a constant for "
        f"each element: {what}"
        for (potential, dataset), what in found.items()
    ]


def without_model_notes(results: Iterable[CheckResult]) -> list[str]:
    """One line per dataset with its errors without a model, as a scale for the others."""
    found: dict[str, dict[str, str]] = {}
    for result in results:
        error = details_of(result, "without_model", float)
        if error is not None:
            name = result.test_dataset or result.dataset
            text = f"{result.quantity} {number(error)} {pretty_unit(result.unit)}"
            found.setdefault(name, {}).setdefault(result.quantity, text)
    return [
        f"mean absolute errors without a model: {', '.join(errors.values())} ({name})"
        for name, errors in found.items()
    ]


def _belongs(result: CheckResult, criterion: str) -> bool:
    if result.criterion != criterion or result.quantity not in (*QUANTITY_LETTERS, ""):
        return False
    return result.metric == "mae" or result.value is None


def _quantities(results: Iterable[CheckResult]) -> list[str]:
    found = {result.quantity for result in results}
    return [name for name in QUANTITY_LETTERS if name in found] or ["energy", "forces"]


def cell_of(result: CheckResult) -> Cell:
    """Cell of a result."""
    if result.value is not None:
        return Cell(
            result.value,
            result.unit,
            result.verdict,
            incomparable=result.incomparable,
            threshold=result.threshold,
            result=result,
        )
    word = "no value" if result.verdict is None else result.verdict.value
    reason = result.reason or "no reason was recorded"
    return Cell(None, "", result.verdict, word, reason, result=result)
