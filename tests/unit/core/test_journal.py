from __future__ import annotations

import dataclasses
import errno
import json
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.journal import Journal, read_journal
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult
from tests.helpers.damage import damaged
from tests.helpers.reports import ERROR, make_result

PASSED = make_result()


def test_journal_is_readable_before_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="r1", seed=0))
    try:
        journal.append(PASSED)
        journal.append(ERROR)
        run, results = read_journal(path)
    finally:
        journal.close()
    assert run == RunRecord(id="r1", seed=0)
    assert results == [PASSED, ERROR]


def test_journal_does_not_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, RunRecord()).close()
    with pytest.raises(FileExistsError):
        Journal(path, RunRecord())


def test_journal_refuses_a_number_that_is_not_finite(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", RunRecord())
    try:
        with pytest.raises(ValueError, match="not JSON compliant"):
            journal.append(CheckResult.from_dict({**PASSED.to_dict(), "value": float("nan")}))
    finally:
        journal.close()


@pytest.mark.parametrize("kept", [1, 10, -2])
def test_last_line_that_was_cut_off_is_left_out(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="r1"))
    journal.append(PASSED)
    whole = path.read_text(encoding="utf-8")
    journal.append(ERROR)
    journal.close()
    last = path.read_text(encoding="utf-8")[len(whole) :]
    path.write_text(whole + last[:kept], encoding="utf-8")
    assert read_journal(path) == (RunRecord(id="r1"), [PASSED])


def test_a_line_that_is_no_result_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lines = [{"schema": SCHEMA, "run": {}}, {**ERROR.to_dict(), "value": "high"}, ERROR.to_dict()]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with pytest.raises(ReportError, match=r"line 2: `value`: expected a number, found 'high'"):
        read_journal(path)


def test_a_run_of_a_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps({"schema": SCHEMA, "run": {"workers": "two"}}), encoding="utf-8")
    with pytest.raises(ReportError, match=r"`run` in line 1: `workers`: expected a whole number"):
        read_journal(path)


def test_a_broken_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lines = [{"schema": SCHEMA, "run": {}}, ERROR.to_dict()]
    text = [json.dumps(line) for line in lines]
    path.write_text("\n".join([text[0], '{"criterion": "eo', text[1]]), encoding="utf-8")
    with pytest.raises(ReportError, match="line 2: expected JSON"):
        read_journal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a first line with schema 1"),
        ("hello\n", "line 1: expected JSON"),
        ('{"schema": 99, "run": {}}\n', "expected a first line with schema 1"),
    ],
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=message):
        read_journal(path)


def test_a_journal_cut_off_inside_a_letter_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="x"))
    result = make_result(reason="a line\u2028in a line")
    journal.append(result)
    journal.append(result)
    journal.close()
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex("Å".encode()) + 1])
    run, found = read_journal(path)
    assert run == RunRecord(id="x")
    assert found == [result]


@pytest.mark.parametrize("line", ["[1]", '{"schema": 1}', '{"schema": 1, "run": 3}'])
def test_another_json_file_is_no_journal(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ReportError, match="is this a journal"):
        read_journal(path)


def test_every_damage_of_a_line_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="r1"))
    journal.append(PASSED)
    journal.append(ERROR)
    journal.close()
    first, second, third = path.read_bytes().splitlines(keepends=True)
    known = RunRecord(id="r1"), [PASSED, ERROR]
    noticed = 0
    for content in damaged(second[:-1], 300):
        path.write_bytes(first + content + b"\n" + third)
        try:
            assert read_journal(path) == known
        except ReportError as error:
            noticed += 1
            assert f"{path}: line 2" in str(error)  # noqa: PT017
    assert noticed > 250


class Full:
    """A file on a disk that takes some bytes more."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: memoryview) -> int:
        taken = min(self.room, len(data))
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= taken
        return int(self.file.write(data[:taken]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="r1"))
    whole = journal._file
    journal._file = Full(whole, 40)
    with pytest.raises(OSError, match="No space left"):
        journal.append(ERROR)
    assert read_journal(path) == (RunRecord(id="r1"), [])
    journal._file = whole
    journal.append(PASSED)
    journal.close()
    assert read_journal(path) == (RunRecord(id="r1"), [PASSED])


def test_texts_that_cannot_be_encoded(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RunRecord(id="r1", command=("caf\udce9",)))
    journal.append(dataclasses.replace(ERROR, reason="bad \udcff name, \ud800"))
    journal.close()
    run, (result,) = read_journal(path)
    assert run.command == ("caf\\xe9",)
    assert result.reason == r"bad \xff name, \ud800"


def test_a_journal_that_cannot_be_begun_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        Journal(tmp_path / "journal.jsonl", RunRecord())
    assert not list(tmp_path.iterdir())
