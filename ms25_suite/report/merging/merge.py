"""Results of several runs, read from their files and merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ms25_suite.core.documents.files import MISSING, file_problem
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import ReportError
from ms25_suite.core.journal import read_journal
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, ResultsDocument
from ms25_suite.report.merging.namesakes import tell_apart

__all__ = ["load_results", "merge_results", "merge_runs"]

_LISTS = ("potentials", "datasets")
"""Fields of a run that are merged by name."""


def load_results(
    paths: Iterable[Path], keep: Callable[[Mapping[str, Any]], bool] | None = None
) -> tuple[RunRecord, list[CheckResult]]:
    """Read and merge runs.

    Parameters
    ----------
    paths
        Files ``results.json``, journals (``*.jsonl``), or folders. In a folder, its
        ``results.json`` and the journals that killed runs left there are read, in the order in
        which the runs were started.
    keep
        Which results to read, by their form in a file; all of them by default. Checking hundreds of
        thousands that nobody looks at takes minutes.

    Returns
    -------
    run, results
        The run description (see `merge_runs`) and the results, in which a later one replaced
        an earlier one with the same `CheckResult.key`. Potentials and datasets of one name that
        are not the same have other names (see `tell_apart`). Artifacts are absolute paths, so that
        `write_report` finds them from any folder.

    Raises
    ------
    ReportError
        A path does not exist, is not a file of the suite, or names an artifact outside its folder.
    """
    parts: list[tuple[RunRecord, list[CheckResult]]] = []
    for path in paths:
        # The sort is stable: if a run left both, its results come after its journal.
        read = [(file, *_read(file, keep)) for file in _files(Path(path))]
        for file, run, found in sorted(read, key=lambda entry: _started(entry[1])):
            parts.append((run, [_with_absolute_artifact(result, file) for result in found]))
    if not parts:
        msg = "nothing to report on: give at least one results.json, journal or report folder"
        raise ReportError(msg)
    # One name may stand for two contents.
    parts = tell_apart(parts)
    results = [result for _, found in parts for result in found]
    return merge_runs([run for run, _ in parts]), merge_results(results)


def merge_results(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results without repeats: a later one takes the place of an earlier one of the same key."""
    return list({result.key: result for result in results}.values())


def merge_runs(runs: Sequence[RunRecord]) -> RunRecord:
    """Merge the descriptions of several runs into one.

    Potentials and datasets are merged by name and hash; of the same one, the later entry wins.
    Everything else is kept per run under ``runs``, since two machines or two commands cannot be
    merged; fields that are equal in all runs are kept at the top as well. The description of a
    single run is returned as it is.
    """
    parts = [part for run in runs for part in run.parts]
    # The journal and the results of one run are one run.
    single = list({part.id or number: part for number, part in enumerate(parts)}.values())
    if len(single) == 1:
        return single[0]
    shared: dict[str, Any] = {}
    for name in (field.name for field in fields(RunRecord)):
        values = [getattr(part, name) for part in single]
        if name not in _LISTS and all(value == values[0] for value in values):
            shared[name] = values[0]
    for name in _LISTS:
        # A merged description has its lists beside its runs.
        shared[name] = _merged(item for run in runs for item in getattr(run, name))
    shared["runs"] = tuple(replace(part, potentials=(), datasets=()) for part in single)
    return RunRecord(**shared)


def _merged(items: Iterable[Any]) -> tuple[Any, ...]:
    """Potentials or datasets without repeats; those without a hash are the last of their name."""
    found: list[Any] = []
    # Of a campaign there are thousands: only those of one name are compared.
    places: dict[str, list[int]] = {}
    for item in items:
        # `train:` trains a potential for each dataset, all of one name.
        own = places.setdefault(item.name, [])
        same = [
            place
            for place in own
            if found[place].sha256 == item.sha256 or not (found[place].sha256 and item.sha256)
        ]
        if same:
            found[same[-1]] = item
        else:
            own.append(len(found))
            found.append(item)
    return tuple(found)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        problem = file_problem(path)
        if not problem:
            return [path]
        if problem != MISSING:
            msg = f"{path}: expected a results.json, a journal or a report folder, found {problem}"
            raise ReportError(msg)
        msg = f"{path} does not exist; expected a results.json, a journal or a report folder"
        raise ReportError(msg)
    files = [*sorted(path.glob("*.jsonl")), *path.glob("results.json")]
    if not files:
        msg = f"{path}: expected a results.json or a journal (*.jsonl) in this folder, found none"
        raise ReportError(msg)
    return files


def _started(run: RunRecord) -> str:
    """Start of a run, or of the last one of a merged run; ISO 8601 sorts as text."""
    return max(part.started or "" for part in (run, *run.runs))


def _read(
    file: Path, keep: Callable[[Mapping[str, Any]], bool] | None
) -> tuple[RunRecord, Sequence[CheckResult]]:
    if file.suffix == ".jsonl":
        run, results = read_journal(file)
        return run, [one for one in results if keep is None or keep(one.to_dict())]
    data = read_json(file, "the results", ReportError)
    found = data.get("results") if isinstance(data, Mapping) else None
    # What is no table is kept, to be refused with its place.
    if keep is not None and isinstance(found, list):
        chosen = [one for one in found if not isinstance(one, Mapping) or keep(one)]
        data = {**data, "results": chosen}
    document = ResultsDocument.from_dict(data, str(file))
    return document.run, document.results


def _with_absolute_artifact(result: CheckResult, file: Path) -> CheckResult:
    if not result.artifact:
        return result
    folder = file.parent.resolve()
    path = (folder / result.artifact).resolve()
    # A file of results may come from anybody: it must not make the report read other files.
    if not path.is_relative_to(folder):
        msg = f"{file}: the artifact {result.artifact!r} lies outside the folder of its report"
        raise ReportError(msg)
    return replace(result, artifact=str(path))
