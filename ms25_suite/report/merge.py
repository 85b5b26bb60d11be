"""Results of several runs, read from their files and put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

from ms25_suite.core.errors import ReportError
from ms25_suite.core.results import SCHEMA, CheckResult, read_journal
from ms25_suite.report.wording import CRITERIA, QUANTITIES

__all__ = ["load_results", "merge_results", "merge_runs", "sort_results"]

_NAMED = ("potentials", "datasets")
"""Keys of a run that are lists of things with a name."""

_TEXTS: tuple[str, ...] = (
    "criterion",
    "dataset",
    "test_dataset",
    "potential",
    "architecture",
    "quantity",
    "metric",
    "unit",
    "threshold_source",
    "reason",
    "tier",
    "level_of_theory",
    "artifact",
)


def load_results(paths: Iterable[Path]) -> tuple[dict[str, Any], list[CheckResult]]:
    """Read and merge runs.

    Parameters
    ----------
    paths
        Files ``results.json``, journals (``*.jsonl``), or folders. Of a folder, its
        ``results.json`` and the journals that killed runs left there are read, in the order in
        which the runs were started.

    Returns
    -------
    run, results
        The run description (see `merge_runs`) and the results, in which a later one replaced
        an earlier one with the same `CheckResult.key`. Artifacts are absolute paths, so that
        `write_report` finds them wherever the report goes.

    Raises
    ------
    ReportError
        A path does not exist, is no file of the suite, or names an artifact outside its folder.
    """
    runs: list[dict[str, Any]] = []
    results: list[CheckResult] = []
    for path in paths:
        # Stable: of a run that left both, the results come behind their journal.
        read = [(file, *_read(file)) for file in _files(Path(path))]
        for file, run, found in sorted(read, key=lambda entry: _started(entry[1])):
            runs.append(run)
            results += [_with_absolute_artifact(result, file) for result in found]
    if not runs:
        msg = "nothing to report on: give at least one results.json, journal or report folder"
        raise ReportError(msg)
    return merge_runs(runs), merge_results(results)


def merge_results(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results without repeats: a later one takes the place of an earlier one of the same key."""
    return list({result.key: result for result in results}.values())


def merge_runs(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One run description of several.

    Potentials and datasets are joined by name, the later one wins. Everything else stands per
    run under ``runs``, since a machine or a command of two runs cannot be merged honestly;
    beside that, keys on which all runs agree are kept. A single run is returned as it is.
    """
    parts = [dict(part) for run in runs for part in (run.get("runs") or [run])]
    # The journal and the results of one run are one run.
    flat = list({part.get("id") or number: part for number, part in enumerate(parts)}.values())
    if len(flat) == 1:
        return flat[0]
    merged: dict[str, Any] = {
        key: value
        for key, value in flat[0].items()
        if key not in _NAMED and all(run.get(key) == value for run in flat)
    }
    for key in _NAMED:
        # Of a merged description the lists stand beside its runs.
        lists = [run.get(key) or [] for run in runs]
        named = {str(item.get("name", "")): item for items in lists for item in items}
        merged[key] = list(named.values())
    merged["runs"] = [
        {key: value for key, value in run.items() if key not in _NAMED} for run in flat
    ]
    return merged


def sort_results(run: Mapping[str, Any], results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results in the order of the report, whatever order they came in.

    By criterion, then by dataset and potential in the order of the run description, then by
    quantity; what is not listed there comes behind, by name.
    """
    criteria = {name: rank for rank, name in enumerate(CRITERIA)}
    quantities = {name: rank for rank, name in enumerate(QUANTITIES)}
    datasets, potentials = (
        {str(item.get("name", "")): rank for rank, item in enumerate(run.get(key) or [])}
        for key in ("datasets", "potentials")
    )

    def rank(order: Mapping[str, int], name: str) -> tuple[int, str]:
        return (order.get(name, len(order)), name)

    return sorted(
        results,
        key=lambda result: (
            rank(criteria, result.criterion),
            rank(datasets, result.dataset),
            rank(datasets, result.test_dataset),
            rank(potentials, result.potential),
            rank(quantities, result.quantity),
            result.metric,
        ),
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        msg = f"{path} does not exist; expected a results.json, a journal or a report folder"
        raise ReportError(msg)
    files = [*sorted(path.glob("*.jsonl")), *path.glob("results.json")]
    if not files:
        msg = f"{path}: expected a results.json or a journal (*.jsonl) in this folder, found none"
        raise ReportError(msg)
    return files


def _started(run: Mapping[str, Any]) -> str:
    """When a run, or the last run of a merged one, was started; ISO 8601 sorts as text."""
    return max(str(part.get("started") or "") for part in (run, *(run.get("runs") or [])))


def _read(file: Path) -> tuple[dict[str, Any], list[CheckResult]]:
    try:
        if file.suffix == ".jsonl":
            header, journaled = read_journal(file)
            _check_run(header, file)
            for result in journaled:
                _check_types(result, file)
            return header, journaled
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, AttributeError, KeyError) as error:
        msg = f"cannot read {file} as results of the suite: {error}"
        raise ReportError(msg) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        msg = f"{file}: expected results of schema {SCHEMA}, found {found!r}"
        raise ReportError(msg)
    run, records = document.get("run"), document.get("results")
    if not isinstance(run, dict) or not isinstance(records, list):
        msg = f"{file}: expected the keys `run` (an object) and `results` (a list)"
        raise ReportError(msg)
    _check_run(run, file)
    results = []
    for record in records:
        if not isinstance(record, dict):
            msg = f"{file}: expected each result to be an object, found {record!r}"
            raise ReportError(msg)
        results.append(CheckResult.from_dict(record))
        _check_types(results[-1], file)
    return run, results


def _check_run(run: Mapping[str, Any], file: Path) -> None:
    for part in (run, *(run.get("runs") or [])):
        for key in (*_NAMED, "runs"):
            items = part.get(key) if isinstance(part, dict) else part
            if items is not None and not (
                isinstance(items, list) and all(isinstance(item, dict) for item in items)
            ):
                msg = (
                    f"{file}: expected `{key}` of the run to be a list of objects, found {items!r}"
                )
                raise ReportError(msg)


def _check_types(result: CheckResult, file: Path) -> None:
    """Refuse what a person may have typed into a file: a wrong type would surface far from it."""
    expected: dict[str, tuple[type, ...]] = dict.fromkeys(_TEXTS, (str,))
    expected |= dict.fromkeys(("value", "threshold"), (int, float, NoneType))
    expected |= {"duration_s": (int, float), "n_frames": (int,), "details": (dict,)}
    for name, types in expected.items():
        found = getattr(result, name)
        if not isinstance(found, types) or isinstance(found, bool):
            wanted = " or ".join(kind.__name__ for kind in types)
            msg = f"{file}: `{name}` of the result {result.key} must be {wanted}, found {found!r}"
            raise ReportError(msg)


def _with_absolute_artifact(result: CheckResult, file: Path) -> CheckResult:
    if not result.artifact:
        return result
    folder = file.parent.resolve()
    path = (folder / result.artifact).resolve()
    if not path.is_relative_to(folder):
        msg = f"{file}: the artifact {result.artifact!r} lies outside the folder of its report"
        raise ReportError(msg)
    return replace(result, artifact=str(path))
