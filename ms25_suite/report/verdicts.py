"""Verdicts at a glance: counts for each potential, and a table for each criterion."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.wording import limit_text, pair_label

__all__ = ["Matrix", "MatrixRow", "Tally", "tallies", "verdict_matrices"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a potential got each verdict.

    Parameters
    ----------
    name
        Name of the potential.
    counts
        Number of results by verdict; None is a measurement without a threshold.
    worst
        Worst verdict; None if there is none.
    """

    name: str
    counts: Mapping[Verdict | None, int]
    worst: Verdict | None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One quantity on one dataset, for all potentials.

    Parameters
    ----------
    dataset
        Name of the dataset, or ``trained on → tested on``.
    quantity, metric
        What was measured.
    stand_in
        Whether the reference stands in for that of the paper.
    thresholds
        Thresholds with their sign, and their units; several if the potentials have different ones.
    results
        A result for each potential; None if the check was not run.
    """

    dataset: str
    quantity: str
    metric: str
    stand_in: bool
    thresholds: tuple[tuple[str, str], ...]
    results: tuple[CheckResult | None, ...]

    @property
    def verdicts(self) -> list[Verdict | None]:
        """Distinct verdicts of the row."""
        return list(dict.fromkeys(one.verdict for one in self.results if one is not None))


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of one criterion by potentials."""

    criterion: str
    potentials: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def tallies(run: RunRecord, results: Sequence[CheckResult]) -> list[Tally]:
    """Counts of verdicts, a row for each potential.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        All results.
    """
    found = []
    for name in sort_potentials(run, results):
        own = [result.verdict for result in results if result.potential == name]
        count = Counter(own)
        counts = {verdict: count[verdict] for verdict in (*Verdict, None)}
        found.append(Tally(name, counts, worst_verdict(own)))
    return found


def verdict_matrices(run: RunRecord, results: Sequence[CheckResult]) -> list[Matrix]:
    """For each criterion a row of results for each dataset and quantity, by potential.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        Results, sorted by criterion.
    """
    matrices = []
    # `groupby` needs sorted input, which the results of a report are.
    for criterion, group in itertools.groupby(results, key=lambda result: result.criterion):
        own = list(group)
        names = sort_potentials(run, own)
        rows: dict[tuple[str, str, str], dict[str, CheckResult]] = {}
        for result in own:
            label = pair_label(result.dataset, result.test_dataset)
            row = (label, result.quantity, result.metric)
            rows.setdefault(row, {})[result.potential] = result
        lines = tuple(_row(*row, found, names) for row, found in rows.items())
        matrices.append(Matrix(criterion, tuple(names), lines))
    return matrices


def _row(
    dataset: str,
    quantity: str,
    metric: str,
    found: Mapping[str, CheckResult],
    names: Sequence[str],
) -> MatrixRow:
    thresholds = dict.fromkeys(
        (limit_text(result.threshold, result.at_least), result.unit)
        for result in found.values()
        if result.threshold is not None
    )
    return MatrixRow(
        dataset,
        quantity,
        metric,
        any(result.stand_in for result in found.values()),
        tuple(thresholds),
        tuple(found.get(name) for name in names),
    )
