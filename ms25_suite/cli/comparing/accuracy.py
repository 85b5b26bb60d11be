"""Numbers of finished runs and baselines, compared pair by pair."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ms25_suite.baseline.allowances import Allowances
from ms25_suite.baseline.document import FILE_NAME, Baseline, Entry
from ms25_suite.baseline.gate import BaselineGate
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import BaselineError, ReportError
from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.core.text.shown import csv_cell, shown

__all__ = [
    "Differences",
    "compare_numbers",
    "exit_code",
    "is_accuracy",
    "print_differences",
    "read_numbers",
]

NOT_COMPARED: Final = 5
"""Exit code, that of a run of which something is not judged."""

_COLUMNS: Final = (
    *("criterion", "dataset", "potential", "quantity", "metric", "unit"),
    *("before", "after", "difference", "low", "high", "allowance", "paired", "outcome", "reason"),
)


@dataclass(frozen=True, slots=True)
class Differences:
    """Numbers of two runs.

    Parameters
    ----------
    base, other
        The files.
    pairs
        Numbers of the second one, with how they differ from those of the first.
    missing
        Numbers that only the first one has.
    models, machines
        What differs between the models and between the machines, before and after.
    """

    base: Path
    other: Path
    pairs: tuple[tuple[Entry, Change], ...]
    missing: tuple[Entry, ...]
    models: Mapping[str, tuple[str, str]]
    machines: Mapping[str, tuple[str, str]]

    def worse(self) -> list[tuple[Entry, Change]]:
        """Numbers that became worse by more than is allowed."""
        return [pair for pair in self.pairs if pair[1].verdict is ChangeVerdict.WORSE]

    def not_compared(self) -> list[tuple[Entry, Change]]:
        """Numbers that both have, of other frames or under other conditions."""
        return [pair for pair in self.pairs if pair[1].verdict is ChangeVerdict.NOT_COMPARED]


def is_accuracy(path: Path) -> bool:
    """Whether a path holds numbers of checks, and no timings of pytest-benchmark."""
    if path.is_dir() or path.suffix == ".jsonl":
        return True
    try:
        content = read_json(path, "a file of numbers", ReportError, finite=False)
    except ReportError:
        return False
    return isinstance(content, Mapping) and ("numbers" in content or "results" in content)


def read_numbers(path: Path) -> Baseline:
    """Numbers of a baseline, a report folder, a ``results.json`` or a journal.

    Errors of single frames are in the file `FILE_NAME` beside ``results.json``.

    Raises
    ------
    Ms25Error
        There are none.
    """
    from ms25_suite.report import load_results

    folder = path if path.is_dir() else path.parent
    if path.name == FILE_NAME or (path.is_file() and _is_baseline(path)):
        return Baseline.read(path)
    # Of a folder that of its last run, and not also what a killed run has left there.
    document = folder / "results.json"
    run, results = load_results([document if path.is_dir() and document.is_file() else path])
    beside = folder / FILE_NAME
    samples = {}
    if beside.is_file():
        own = Baseline.read(beside)
        # That of the same run: a folder may hold an older one.
        if {one.run.id for one in own.accepted} == {run.id}:
            samples = {entry.key: entry.sample for entry in own.numbers if entry.sample is not None}
    found = Baseline.of(run, results, samples, date=run.finished or run.started or "")
    if not found.numbers:
        msg = f"{path}: there is no number to compare, only verdicts without one"
        raise BaselineError(msg)
    return found


def _is_baseline(path: Path) -> bool:
    content = read_json(path, "a file of numbers", BaselineError)
    return isinstance(content, Mapping) and "numbers" in content


def compare_numbers(
    base: tuple[Path, Baseline], other: tuple[Path, Baseline], allowances: Allowances
) -> Differences:
    """Compare the numbers of two files.

    Raises
    ------
    BaselineError
        They have no number in common.
    """
    first, second = base[1], other[1]
    pairs = []
    seen = set()
    for entry in second.numbers:
        gate = BaselineGate(
            path=base[0],
            baseline=first,
            allowances=allowances,
            potentials=second.potentials,
            run=second.run_of(entry),
        )
        sample = None
        if entry.sample is not None:
            where = f"{other[0]}: {' '.join(entry.key)}"
            sample = FrameSample.unpacked(entry.sample, where)
        pairs.append((entry, gate.change_of_entry(entry, sample)))
        seen.add(gate.key_in_baseline(entry.key))
    if all(change.verdict is ChangeVerdict.NEW for _, change in pairs):
        msg = (
            f"{base[0]} and {other[0]} have no number in common: the first has those of "
            f"{_subjects(first)}, the second those of {_subjects(second)}"
        )
        raise BaselineError(msg)
    missing = tuple(entry for entry in first.numbers if entry.key not in seen)
    runs = first.accepted[-1].run, second.accepted[-1].run
    return Differences(base[0], other[0], tuple(pairs), missing, _models(*runs), _machines(*runs))


def _subjects(baseline: Baseline) -> str:
    found = dict.fromkeys(f"{one.potential} on {one.test_dataset}" for one in baseline.numbers)
    return ", ".join(list(found)[:5]) + (" …" if len(found) > 5 else "")


def _models(before: RunRecord, after: RunRecord) -> dict[str, tuple[str, str]]:
    """What differs between the models of two runs; of several ones, of those of one name."""
    first, second = ({one.name: one for one in run.potentials} for run in (before, after))
    if len(first) == len(second) == 1:
        pairs = [("", next(iter(first.values())), next(iter(second.values())))]
    else:
        pairs = [(f"{name} ", first[name], second[name]) for name in first if name in second]
    found = {}
    for start, old, new in pairs:
        one, two = _facts(old), _facts(new)
        for name in dict.fromkeys((*one, *two)):
            values = one.get(name, "not stated"), two.get(name, "not stated")
            if values[0] != values[1]:
                found[f"{start}{name}"] = values
    return found


def _facts(potential: PotentialRecord) -> dict[str, str]:
    """What a potential is, and what it was trained on."""
    record = potential.to_dict()
    trained = record.pop("trained_on", None) or {}
    left_out = {"training_curve", "training_units", "path"}
    facts = {name: value for name, value in record.items() if name not in left_out}
    facts |= {f"training {name}": value for name, value in trained.items()}
    return {name.replace("_", " "): _text(value) for name, value in facts.items()}


def _machines(before: RunRecord, after: RunRecord) -> dict[str, tuple[str, str]]:
    """What differs between the conditions of two runs."""

    def facts(run: RunRecord) -> dict[str, str]:
        machine = {} if run.machine is None else run.machine.to_dict()
        own = {"device": run.device, "dtype": run.dtype, "workers": run.workers}
        packages = dict(run.packages or {})
        return {name: _text(value) for name, value in {**own, **machine, **packages}.items()}

    one, two = facts(before), facts(after)
    return {
        name: (one.get(name, "not stated"), two.get(name, "not stated"))
        for name in dict.fromkeys((*one, *two))
        if one.get(name) != two.get(name)
    }


def _text(value: Any) -> str:
    text = "not stated" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"


def exit_code(found: Sequence[Differences]) -> int:
    """1 if a number is worse, else 5 if one could not be compared, as of a run, else 0."""
    if any(one.worse() for one in found):
        return 1
    # A number that is not compared is not known to be as good.
    return NOT_COMPARED if any(one.not_compared() for one in found) else 0


def print_differences(found: Sequence[Differences], form: str) -> None:
    """Print the differences as ``text``, ``csv`` or ``json``."""
    {"text": _print_text, "csv": _print_csv, "json": _print_json}[form](found)


def _row(entry: Entry, change: Change) -> dict[str, Any]:
    low, high = change.interval or (None, None)
    where = entry.test_dataset
    values = (
        *(entry.criterion, where, entry.potential, entry.quantity, entry.metric, entry.unit),
        *(change.before, entry.value, change.difference, low, high, change.allowance),
        *(change.paired, change.verdict.value, change.reason),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _print_csv(found: Sequence[Differences]) -> None:
    writer = csv.DictWriter(sys.stdout, ["base", "other", *_COLUMNS], lineterminator="\n")
    writer.writeheader()
    for one in found:
        files = {"base": str(one.base), "other": str(one.other)}
        for pair in one.pairs:
            row = {**files, **_row(*pair)}
            writer.writerow(
                {
                    key: csv_cell(value) if isinstance(value, str) else value
                    for key, value in row.items()
                }
            )


def _print_json(found: Sequence[Differences]) -> None:
    records = [
        {
            "base": str(one.base),
            "other": str(one.other),
            "models": {name: list(pair) for name, pair in one.models.items()},
            "machines": {name: list(pair) for name, pair in one.machines.items()},
            "missing": [list(entry.key) for entry in one.missing],
            "numbers": [{**_row(*pair), "change": asdict(pair[1])} for pair in one.pairs],
        }
        for one in found
    ]
    print(json.dumps(records, indent=1, ensure_ascii=False))


def _print_text(found: Sequence[Differences]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # not markup: names hold brackets

    from ms25_suite.report.wording import change_text, number, pretty_unit, quantity_text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for one in found:
        console.print(shown(f"{one.other} against {one.base}"), markup=False, soft_wrap=True)
        groups = dict.fromkeys((e.criterion, e.test_dataset) for e, _ in one.pairs)
        for group in groups:
            title = Text(shown(f"{group[0]}: {group[1]}"))
            table = Table(title=title, title_justify="left", box=None, pad_edge=False)
            for name in ("potential", "quantity", "before", "after", "difference", "unit", ""):
                right = name in ("before", "after", "difference")
                table.add_column(name, justify="right" if right else "left", overflow="fold")
            for entry, change in one.pairs:
                if (entry.criterion, entry.test_dataset) != group:
                    continue
                difference = ""
                if change.difference is not None:
                    difference = f"{change.difference:+.3g}"
                    if change.interval is not None:
                        difference += f" [{change.interval[0]:+.3g}, {change.interval[1]:+.3g}]"
                cells = (
                    entry.potential,
                    quantity_text(entry.quantity, entry.metric),
                    "" if change.before is None else number(change.before),
                    number(entry.value),
                    difference,
                    pretty_unit(entry.unit),
                    change_text(change) + (f": {change.reason}" if change.reason else ""),
                )
                table.add_row(*(Text(shown(cell)) for cell in cells))
            console.print(table)
        for line in _notes(one):
            console.print(shown(line), markup=False, soft_wrap=True)


def _notes(one: Differences) -> list[str]:
    lines = []
    for what, differences in (("models", one.models), ("machine or software", one.machines)):
        if differences:
            texts = "; ".join(f"{name} {a} -> {b}" for name, (a, b) in differences.items())
            lines.append(f"{what}: {texts}")
    if one.missing:
        names = ", ".join(
            f"{e.quantity} ({e.criterion}, {e.test_dataset})" for e in one.missing[:5]
        )
        more = f" and {len(one.missing) - 5} more" if len(one.missing) > 5 else ""
        lines.append(f"only in {one.base}: {names}{more}")
    return lines
