"""What a check found, and the journal in which findings are kept as they come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from ms25_suite.core.catalogue import find
from ms25_suite.core.errors import ReportError
from ms25_suite.core.units import DIMENSIONLESS

__all__ = ["SCHEMA", "CheckResult", "Journal", "Verdict", "read_journal", "worst_verdict"]

SCHEMA = 1
"""Version of the layout of ``results.json`` and of the journal."""


class Verdict(StrEnum):
    """Answer of a check."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"
    SKIP = "skip"


_SEVERITY = (Verdict.PASS, Verdict.SKIP, Verdict.UNDECIDED, Verdict.FAIL, Verdict.ERROR)


def worst_verdict(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Gravest of some verdicts (error > fail > undecided > skip > pass); None if there is none."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return max(known, key=_SEVERITY.index) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One number, or the reason why there is none.

    Parameters
    ----------
    criterion
        ``error_thresholds``, … : the marker and the docs page have the same name.
    dataset
        Dataset that the check is about: for a potential trained by the suite, the one that it
        was trained on.
    test_dataset
        Dataset whose frames were predicted; the same, unless the check is about transfer.
    potential
        Name of the potential, unique in a run.
    potential_sha256
        SHA-256 of the model file or calculator file; empty where there is none.
    architecture
        ``mace``, …; ``ase`` for a potential that is any ASE calculator, ``reference`` for the
        reference itself, empty if unknown.
    quantity
        ``energy``, ``forces``, ``stress`` or an observable.
    metric
        ``mae``, ``rmse``, ``error``, ``rate``, ``ratio`` or ``measurement``.
    value, unit
        The number in the unit that people read; None if there is no number.
    interval
        95 % confidence interval of the value, in the same unit.
    threshold, threshold_source
        The pass mark in the same unit and where it comes from. None for a measurement that
        nothing is asked of; its verdict is None too.
    at_least
        Whether a value from the threshold upwards passes, and not one up to it.
    verdict
        The answer, or None for a measurement without a threshold.
    n_frames
        Number of frames behind the number.
    reason
        Why there is no number (``error`` and ``skip``), or a remark.
    duration_s
        Wall time of the check in seconds.
    details
        More numbers, small and JSON-able (per-element errors, worst frames, …).
    artifact
        File with the arrays behind the number, relative to the report folder.
    """

    criterion: str
    dataset: str
    test_dataset: str
    potential: str
    quantity: str
    metric: str
    architecture: str = ""
    potential_sha256: str = ""
    value: float | None = None
    unit: str = ""
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    threshold_source: str = ""
    at_least: bool = False
    verdict: Verdict | None = None
    n_frames: int = 0
    reason: str = ""
    duration_s: float = 0.0
    tier: str = ""
    level_of_theory: str = ""
    stand_in: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    artifact: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """What identifies a result in a report; later results replace earlier ones."""
        return (
            self.criterion,
            self.dataset,
            self.test_dataset,
            self.potential,
            self.quantity,
            self.metric,
        )

    def explain(self) -> str:
        """What a person needs to know about the verdict, in a few lines."""
        origin = "" if self.dataset == self.test_dataset else f" (from {self.dataset})"
        who = f"{self.potential} on {self.test_dataset}{origin}"
        if self.value is None:
            return f"{self.criterion}: {self.quantity} of {who}: {self.verdict}: {self.reason}"
        value = f"{self.value:.4g}"
        if self.interval is not None:
            value += f" (95 % interval {self.interval[0]:.4g} to {self.interval[1]:.4g})"
        what = f"{self.quantity} {self.metric.upper()} of {who}"
        unit = "" if self.unit == DIMENSIONLESS else f" {self.unit}"
        least = "at least " if self.at_least else ""
        mark = "no threshold"
        if self.threshold is not None:
            mark = f"threshold {least}{self.threshold:g}{unit}"
        lines = [
            f"{self.verdict or 'measured'}: {what} is {value}{unit}, {mark}",
            f"  frames:     {self.n_frames}",
            f"  threshold:  {self.threshold_source or 'none'}",
        ]
        if self.level_of_theory:
            stand_in = " (a stand-in for the paper's)" if self.stand_in else ""
            lines.append(f"  reference:  {self.level_of_theory}{stand_in}")
        if "without_model" in self.details:
            scale = f"{self.details['without_model']:.4g}{unit}"
            lines.append(f"  no model:   {scale} with energies of the elements and no forces")
        frames = self.details.get("worst_frames", ())
        worst = ", ".join(f"{entry['frame']} ({entry['value']:.4g})" for entry in frames)
        if worst:
            lines.append(f"  worst frames of the dataset, with their MAE: {worst}")
        if self.reason:
            lines.append(f"  remark:     {self.reason}")
        for entry in self.details.get("findings", ()):
            kind = f"{entry.get('severity', 'warning')}:"
            lines.append(f"  {kind:<11} {entry['message']}")
        entry = find(self.criterion)
        page = f"docs/checks/{self.criterion}.md" if entry is None else entry.explained_in
        lines.append(f"  how to read this: {page}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        record = asdict(self)
        record["verdict"] = None if self.verdict is None else self.verdict.value
        record["interval"] = None if self.interval is None else list(self.interval)
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`; keys of a later version are ignored.

        Raises
        ------
        ReportError
            A key is missing, or a verdict is not one of the known ones.
        """
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in record.items() if name in known}
        try:
            if values.get("verdict") is not None:
                values["verdict"] = Verdict(values["verdict"])
            if values.get("interval") is not None:
                low, high = values["interval"]
                values["interval"] = (float(low), float(high))
            return cls(**values)
        except (TypeError, ValueError) as error:
            msg = f"not a check result of schema {SCHEMA}: {error}; found the keys {sorted(record)}"
            raise ReportError(msg) from error


class Journal:
    """Append-only JSON-lines file: what was finished survives whatever happens next.

    The first line is ``{"schema": 1, "run": {...}}``, each further one a `CheckResult`.

    Parameters
    ----------
    path
        File to write; its folder must exist.
    run
        Description of the run (command, potentials, datasets, machine, …).
    """

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self.path = path
        self._file = path.open("x", encoding="utf-8")
        self._write({"schema": SCHEMA, "run": dict(run)})

    def append(self, result: CheckResult) -> None:
        """Write one result through to the disk."""
        self._write(result.to_dict())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def read_journal(path: Path) -> tuple[dict[str, Any], list[CheckResult]]:
    """Run description and results of a journal, also of one that was cut off.

    Raises
    ------
    ReportError
        The file is no journal. A half-written last line is no error: it is left out.
    """
    # Only "\n" ends a line: a reason may hold characters that str.splitlines() splits at. Bytes,
    # because a journal may be cut off inside a letter.
    lines = path.read_bytes().split(b"\n")
    if not lines[-1]:
        lines.pop()
    records: list[Any] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            if number == len(lines) and number > 1:
                break
            msg = f"{path}: line {number} is not JSON ({error}); expected a journal of the suite"
            raise ReportError(msg) from error
    first = records[0] if records and isinstance(records[0], dict) else {}
    if first.get("schema") != SCHEMA or not isinstance(first.get("run"), dict):
        msg = f"{path}: expected a first line with schema {SCHEMA}; is this a journal of the suite?"
        raise ReportError(msg)
    return dict(first["run"]), [CheckResult.from_dict(record) for record in records[1:]]
