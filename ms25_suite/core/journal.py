"""Journal of a run: every result is written to disk as soon as it is known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ms25_suite.core.documents.files import read_bytes
from ms25_suite.core.documents.parsing import parse_json
from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult
from ms25_suite.core.sealed import CHECKSUM_KEY, DamagedError, sealed_json, unseal_json

__all__ = ["Journal", "read_journal"]


class Journal:
    """Append-only JSON-lines file that keeps the finished results of a run that is killed.

    The first line is ``{"schema": 1, "run": {...}}``, each further one a `CheckResult`; each line
    has a checksum.

    Parameters
    ----------
    path
        File to write; its folder must exist.
    run
        Description of the run.
    """

    def __init__(self, path: Path, run: RunRecord) -> None:
        self.path = path
        # "x": never write over the journal of another run. Without a buffer, which would keep what
        # a full disk did not take, and write it later.
        self._file = path.open("xb", buffering=0)
        try:
            self._write({"schema": SCHEMA, "run": run.to_dict()})
        except OSError:
            self._file.close()
            with suppress(OSError):
                path.unlink()
            raise

    def append(self, result: CheckResult) -> None:
        """Write one result and flush it to the disk.

        Raises
        ------
        OSError
            The disk is full; nothing of the result is in the file.
        """
        self._write(result.to_dict())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        line = memoryview(sealed_json(record).encode())
        start = self._file.tell()
        try:
            while line:
                line = line[self._file.write(line) :]
            # From the operating system to the disk: it survives a power cut.
            os.fsync(self._file.fileno())
        except OSError:
            # Half a line would spoil the next one.
            with suppress(OSError):
                self._file.seek(start)
                self._file.truncate()
            raise


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
    for index, record in enumerate(records):
        if isinstance(record, dict) and CHECKSUM_KEY in record:
            try:
                records[index] = unseal_json(record, f"{path}: line {index + 1}")
            except DamagedError as error:
                msg = f"{error}. Remove the line to read the others"
                raise ReportError(msg) from error
    first = records[0] if records and isinstance(records[0], dict) else {}
    if first.get("schema") != SCHEMA or not isinstance(first.get("run"), dict):
        msg = f"{path}: expected a first line with schema {SCHEMA}; is this a journal of the suite?"
        raise ReportError(msg)
    run = RunRecord.from_dict(first["run"], f"{path}: `run` in line 1")
    return run, [
        CheckResult.from_dict(record, f"{path}: line {number}")
        for number, record in enumerate(records[1:], start=2)
    ]
