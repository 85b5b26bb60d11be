"""First screen of the page: what was judged on what, and the worst number of each criterion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ms25_suite.core.errors import listed
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SEVERITY, CheckResult, Verdict, worst_verdict
from ms25_suite.report.criteria import criterion_title
from ms25_suite.report.order import sort_potentials
from ms25_suite.report.wording import (
    limit_text,
    pair_label,
    pretty_unit,
    quantity_text,
    result_number,
    result_text,
    verdict_word,
)

__all__ = ["Overview", "OverviewRow", "WorstCell", "hover_text", "judged_on", "overview"]

_MOST_NAMES = 8
"""More names than these are counted in the line on what was judged."""


@dataclass(frozen=True, slots=True)
class WorstCell:
    """The worst result of a potential in one criterion.

    Parameters
    ----------
    result
        The result: of those with the worst verdict the one farthest beyond its threshold, or
        nearest to it.
    number
        Its number and unit; empty if there is none.
    what
        Its quantity and dataset.
    hover
        Value, interval and threshold.
    counts
        How many results of the criterion have which verdict, the worst first.
    """

    result: CheckResult
    number: str
    what: str
    hover: str
    counts: str


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A potential: its worst verdict, and a cell for each criterion; None if it was not run."""

    potential: str
    architecture: str
    worst: Verdict | None
    cells: tuple[WorstCell | None, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Potentials by criteria.

    Parameters
    ----------
    criteria
        Name and title of each column.
    rows
        A row for each potential, in the order of the run.
    """

    criteria: tuple[tuple[str, str], ...]
    rows: tuple[OverviewRow, ...]


def overview(run: RunRecord, results: Sequence[CheckResult]) -> Overview:
    """The worst result of each potential in each criterion.

    Parameters
    ----------
    run
        Description of the run, for the order of the potentials.
    results
        Sorted results.
    """
    names = tuple(dict.fromkeys(result.criterion for result in results))
    rows = []
    for potential in sort_potentials(run, results):
        own = [result for result in results if result.potential == potential]
        architecture = next((result.architecture for result in own if result.architecture), "")
        cells = tuple(_worst([one for one in own if one.criterion == name]) for name in names)
        worst = worst_verdict(one.verdict for one in own)
        rows.append(OverviewRow(potential, architecture, worst, cells))
    return Overview(tuple((name, criterion_title(name)) for name in names), tuple(rows))


def judged_on(run: RunRecord, results: Sequence[CheckResult]) -> tuple[str, str]:
    """What was judged on what, and which of the labels stand in for those of the paper.

    Returns
    -------
    judged, stand_in
        Two sentences; the second is empty if no labels stand in.
    """
    potentials = sort_potentials(run, results)
    stands_in = {dataset.name: dataset.stand_in for dataset in run.datasets}
    datasets: dict[str, None] = {}
    for result in results:
        for name in (result.dataset, result.test_dataset):
            if name:
                datasets[name] = None
        if result.stand_in:
            stands_in[result.test_dataset or result.dataset] = True
    marked = [name + ("†" if stands_in.get(name) else "") for name in datasets]
    if not potentials or not datasets:
        return "", ""
    judged = f"{_named(potentials, 'potentials')} on {_named(marked, 'datasets')}"
    substitutes = [name for name in datasets if stands_in.get(name)]
    if not substitutes:
        return judged, ""
    of = "all of them" if len(substitutes) == len(datasets) > 1 else listed(substitutes)
    sentence = f"† Stand-in labels ({of}): the reference is not that of the paper"
    return judged, sentence


def hover_text(result: CheckResult) -> str:
    """Value, interval, threshold and reason of a result in one line."""
    parts = []
    if result.value is not None:
        value, interval = result_text(result)
        parts.append(f"{value} {interval}".strip() + f" {pretty_unit(result.unit)}".rstrip())
    if result.threshold is not None:
        parts.append(f"threshold {limit_text(result.threshold, result.at_least)}")
    if result.n_frames:
        parts.append(f"{result.n_frames} frames")
    if result.reason:
        parts.append(result.reason)
    return "; ".join(parts)


def _worst(results: Sequence[CheckResult]) -> WorstCell | None:
    if not results:
        return None
    verdict = worst_verdict(one.verdict for one in results)
    result = max((one for one in results if one.verdict is verdict), key=_excess)
    where = pair_label(result.dataset, result.test_dataset)
    what = ", ".join(filter(None, (quantity_text(result.quantity, result.metric), where)))
    return WorstCell(result, result_number(result), what, hover_text(result), _counts(results))


def _excess(result: CheckResult) -> float:
    """How far a number is beyond its threshold: their ratio, above 1 for what does not meet it."""
    if result.value is None:
        # What could not be computed comes before any number of the same verdict.
        return math.inf
    if result.threshold is None:
        return -1.0
    # Most numbers are judged by their size. A difference to a parent is not: below zero is a gain.
    value = max(result.value, 0.0) if result.metric == "difference" else abs(result.value)
    limit = abs(result.threshold)
    high, low = (limit, value) if result.at_least else (value, limit)
    if not low:
        # None of what must not be there at all, such as curves without a fit: no number is better.
        return math.inf if high else 0.0
    return high / low


def _counts(results: Iterable[CheckResult]) -> str:
    found: Mapping[Verdict | None, int] = Counter(one.verdict for one in results)
    order = [one for one in (*reversed(SEVERITY), None) if found.get(one)]
    return ", ".join(f"{found[one]} {verdict_word(one)}" for one in order)


def _named(names: Sequence[str], noun: str) -> str:
    return listed(list(names)) if len(names) <= _MOST_NAMES else f"{len(names)} {noun}"
