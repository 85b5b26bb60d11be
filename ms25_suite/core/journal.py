"""Journal of a run: every result is written to disk as soon as it is known."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ms25_suite.core.documents.files import read_bytes
from ms25_suite.core.documents.parsing import parse_json
from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult

__all__ = ["Journal", "read_journal"]


class Journal:
    """Append-only JSON-lines file that keeps the finished results of a run that is killed.

    The first line is ``{"schema": 1, "run": {...}}``, each further one a `CheckResult`.

    Parameters
    ----------
    path
        File to write; its folder must exist.
    run
        Description of the run.
    """

    def __init__(self, path: Path, run: RunRecord) -> None:
        self.path = path
        # "x": never write over the journal of another run.
        self._file = path.open("x", encoding="utf-8")
        self._write({"schema": SCHEMA, "run": run.to_dict()})

    def append(self, result: CheckResult) -> None:
        """Write one result and flush it to the disk."""
        self._write(result.to_dict())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n")
        self._file.flush()
        # `flush` hands the line to the operating system, `fsync` to the disk: it survives a power
        # cut.
        os.fsync(self._file.fileno())


def read_journal(path: Path) -> tuple[RunRecord, list[CheckResult]]:
    """Read the description of a run and its results from a journal.

    A last line that was cut off, as a killed run leaves it, is ignored: it has no end.

    Raises
    ------
    ReportError
        The file is not a journal, or one of its lines is not what it should be.
    """
    # Only "\n" ends a line: a reason may hold other characters that str.splitlines() splits at.
    # Bytes, because a journal may be cut off within a character of several bytes.
    *lines, rest = read_bytes(path, "the journal", ReportError).split(b"\n")
    records: list[Any] = [
        parse_json(line, f"{path}: line {number}", ReportError)
        for number, line in enumerate(lines, start=1)
    ]
    if rest:
        try:
            records.append(parse_json(rest, f"{path}: line {len(lines) + 1}", ReportError))
        except ReportError:
            if not lines:
                raise
    first = records[0] if records and isinstance(records[0], dict) else {}
    if first.get("schema") != SCHEMA or not isinstance(first.get("run"), dict):
        msg = f"{path}: expected a first line with schema {SCHEMA}; is this a journal of the suite?"
        raise ReportError(msg)
    run = RunRecord.from_dict(first["run"], f"{path}: `run` in line 1")
    return run, [
        CheckResult.from_dict(record, f"{path}: line {number}")
        for number, record in enumerate(records[1:], start=2)
    ]
