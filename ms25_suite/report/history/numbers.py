"""Numbers of several runs, in the order in which the runs were started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.catalogue import Subject
from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.criteria import error_criterion
from ms25_suite.report.history.earlier import earlier_folders
from ms25_suite.report.merging.merge import load_results
from ms25_suite.report.order import sort_results

__all__ = ["Line", "Point", "history_of", "read_runs"]

Run = tuple[RunRecord, list[CheckResult]]
"""Description of a run, with its results."""

_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A number in one run.

    Parameters
    ----------
    run
        Start of the identifier of the run.
    started
        Time of its start, ISO 8601 in UTC.
    potential
        Name of the potential in that run.
    content
        Start of the hash of its model file; empty if there is none.
    frames
        Start of the hash of the dataset that was predicted; empty if it was not recorded.
    result
        The number.
    """

    run: str
    started: str
    potential: str
    content: str
    frames: str
    result: CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One number over runs.

    Parameters
    ----------
    criterion, dataset, test_dataset, quantity, metric, unit
        What it is.
    points
        Its values, the oldest first.
    """

    criterion: str
    dataset: str
    test_dataset: str
    quantity: str
    metric: str
    unit: str
    points: tuple[Point, ...]


def read_runs(paths: Iterable[Path]) -> list[Run]:
    """Read runs, and of folders also the earlier ones that are kept in them.

    Parameters
    ----------
    paths
        Report folders, files ``results.json`` and journals.

    Returns
    -------
    :
        The runs, the oldest first; one that is given twice is there once.

    Raises
    ------
    ReportError
        A path holds no results.
    """
    found: dict[str, Run] = {}
    for path in paths:
        for place in _documents(path):
            run, results = load_results([place])
            key = run.id or str(place.resolve())
            # The journal of a killed run may lie beside a report on it.
            if key not in found or len(results) >= len(found[key][1]):
                found[key] = (run, results)
    return sorted(found.values(), key=lambda entry: _start(entry[0]))


def _documents(path: Path) -> list[Path]:
    """Files of the single runs in a folder; a path that is none, or holds none, as it is."""
    if not path.is_dir():
        return [path]
    # A journal of a killed run that is left is a run of its own, and no part of the last one.
    own = [*sorted(path.glob("*.jsonl")), path / "results.json"]
    earlier = [folder / "results.json" for folder in earlier_folders(path)]
    return [*earlier, *(file for file in own if file.is_file())] or [path]


def _start(run: RunRecord) -> str:
    return run.started or max((part.started or "" for part in run.runs), default="")


def history_of(
    runs: Sequence[Run],
    *,
    subjects: Sequence[Subject] = (),
    potentials: Sequence[str] = (),
    datasets: Sequence[str] = (),
) -> list[Line]:
    """Numbers over runs.

    Parameters
    ----------
    runs
        The runs, the oldest first.
    subjects
        Which numbers; none for the mean absolute errors.
    potentials, datasets
        Names of potentials and of datasets that are predicted; none for all.

    Returns
    -------
    :
        The numbers in the order of the report.

    Raises
    ------
    ReportError
        No number is left.
    """
    lines: dict[tuple[str, ...], list[Point]] = {}
    order: dict[tuple[str, ...], CheckResult] = {}
    names = dict.fromkeys(one.potential for _, results in runs for one in results)
    for run, results in runs:
        frames = {one.name: one.sha256[:_DIGITS] for one in run.datasets}
        for result in results:
            if result.value is None or not _is_chosen(result, subjects):
                continue
            if potentials and result.potential not in potentials:
                continue
            if datasets and result.test_dataset not in datasets:
                continue
            key = _key(result)
            order.setdefault(key, result)
            point = Point(
                run=(run.id or "")[:_DIGITS],
                started=_start(run),
                potential=result.potential,
                content=result.potential_sha256[:_DIGITS],
                frames=frames.get(result.test_dataset, ""),
                result=result,
            )
            lines.setdefault(key, []).append(point)
    if not lines:
        msg = (
            f"no such number in {len(runs)} runs. They judge {', '.join(list(names)[:5]) or '-'}; "
            "name other numbers, potentials or datasets"
        )
        raise ReportError(msg)
    ordered = sort_results(runs[-1][0], list(order.values()))
    return [_line(one, lines[_key(one)]) for one in ordered]


def _key(result: CheckResult) -> tuple[str, ...]:
    """What the number is, of whichever potential."""
    where = (result.dataset, result.test_dataset, result.quantity, result.metric)
    return (result.criterion, *where, result.unit)


def _line(result: CheckResult, points: Sequence[Point]) -> Line:
    return Line(
        criterion=result.criterion,
        dataset=result.dataset,
        test_dataset=result.test_dataset,
        quantity=result.quantity,
        metric=result.metric,
        unit=result.unit,
        points=tuple(points),
    )


def _is_chosen(result: CheckResult, subjects: Sequence[Subject]) -> bool:
    if not subjects:
        return result.criterion == error_criterion() and result.metric == "mae"
    # The very number: parts of it are shown where their criterion is named, or everything.
    return any(
        one.criterion in ("", result.criterion) and one.quantity in ("", result.quantity)
        for one in subjects
    )
