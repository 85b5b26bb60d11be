from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.results import (
    SCHEMA,
    CheckResult,
    Journal,
    Verdict,
    read_journal,
    worst_verdict,
)

FULL = CheckResult(
    criterion="error_thresholds",
    dataset="cha",
    test_dataset="fau",
    potential="mace-β",
    quantity="forces",
    metric="mae",
    architecture="mace",
    value=31.5,
    unit="meV/Å",
    interval=(30.0, 33.25),
    threshold=35.0,
    threshold_source="the paper",
    verdict=Verdict.PASS,
    n_frames=80,
    reason="",
    duration_s=1.5,
    tier="mini",
    level_of_theory="Vashishta",
    stand_in=True,
    details={"per_element": {"Si": 40.0, "O": 27.0}},
    artifact="artifacts/a.npz",
)
BARE = CheckResult(
    criterion="throughput",
    dataset="cha",
    test_dataset="cha",
    potential="p",
    quantity="katoms_per_s",
    metric="measurement",
)


@pytest.mark.parametrize("result", [FULL, BARE])
def test_a_result_survives_json(result: CheckResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert CheckResult.from_dict(json.loads(text)) == result


def test_keys_of_a_later_version_are_ignored() -> None:
    assert CheckResult.from_dict({**BARE.to_dict(), "carbon_footprint": 3}) == BARE


def test_a_missing_key_is_named() -> None:
    record = BARE.to_dict()
    del record["potential"]
    with pytest.raises(ReportError, match=r"'potential'.*found the keys"):
        CheckResult.from_dict(record)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("verdict", "maybe", "'maybe' is not a valid Verdict"),
        ("interval", [1.0], "not enough values"),
        ("interval", ["low", 2.0], "could not convert"),
        ("interval", 3.0, "cannot unpack|not iterable"),
    ],
)
def test_an_invalid_entry_is_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        CheckResult.from_dict({**FULL.to_dict(), key: value})


def test_key_tells_transfer_from_the_test_at_home() -> None:
    home = CheckResult.from_dict({**FULL.to_dict(), "test_dataset": "cha"})
    other_value = CheckResult.from_dict({**FULL.to_dict(), "value": 1.0})
    assert home.key != FULL.key
    assert other_value.key == FULL.key


def test_worst_verdict() -> None:
    assert worst_verdict([]) is None
    assert worst_verdict([None]) is None
    assert worst_verdict([Verdict.PASS, None, Verdict.SKIP]) is Verdict.SKIP
    assert worst_verdict([Verdict.UNDECIDED, Verdict.FAIL]) is Verdict.FAIL
    assert worst_verdict([Verdict.ERROR, Verdict.FAIL]) is Verdict.ERROR


def test_journal_is_readable_before_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, {"id": "r1", "seed": 0})
    try:
        journal.append(FULL)
        journal.append(BARE)
        run, results = read_journal(path)
    finally:
        journal.close()
    assert run == {"id": "r1", "seed": 0}
    assert results == [FULL, BARE]


def test_journal_does_not_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, {}).close()
    with pytest.raises(FileExistsError):
        Journal(path, {})


def test_journal_refuses_a_number_that_is_not_finite(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", {})
    try:
        with pytest.raises(ValueError, match="not JSON compliant"):
            journal.append(CheckResult.from_dict({**FULL.to_dict(), "value": float("nan")}))
    finally:
        journal.close()


@pytest.mark.parametrize("kept", [1, 10, -2])
def test_last_line_that_was_cut_off_is_left_out(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, {"id": "r1"})
    journal.append(FULL)
    whole = path.read_text(encoding="utf-8")
    journal.append(BARE)
    journal.close()
    last = path.read_text(encoding="utf-8")[len(whole) :]
    path.write_text(whole + last[:kept], encoding="utf-8")
    assert read_journal(path) == ({"id": "r1"}, [FULL])


def test_a_broken_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lines = [{"schema": SCHEMA, "run": {}}, BARE.to_dict()]
    text = [json.dumps(line) for line in lines]
    path.write_text("\n".join([text[0], '{"criterion": "eo', text[1]]), encoding="utf-8")
    with pytest.raises(ReportError, match="line 2 is not JSON"):
        read_journal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a first line with schema 1"),
        ("hello\n", "line 1 is not JSON"),
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
    journal = Journal(path, {"id": "x"})
    result = CheckResult(
        criterion="error_thresholds",
        dataset="a",
        test_dataset="a",
        potential="p",
        quantity="forces",
        metric="mae",
        unit="meV/Å",
        reason="a line\u2028in a line",
    )
    journal.append(result)
    journal.append(result)
    journal.close()
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex("Å".encode()) + 1])
    run, found = read_journal(path)
    assert run == {"id": "x"}
    assert found == [result]


@pytest.mark.parametrize("line", ["[1]", '{"schema": 1}', '{"schema": 1, "run": 3}'])
def test_another_json_file_is_no_journal(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ReportError, match="is this a journal"):
        read_journal(path)
