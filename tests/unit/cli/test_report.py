from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from ms25_suite.cli import report as cli_report
from ms25_suite.core.errors import ReportError, UsageError
from ms25_suite.core.journal import Journal
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import write_report


def result(potential: str, value: float = 1.0) -> CheckResult:
    return CheckResult(
        criterion="error_thresholds",
        dataset="mgo",
        test_dataset="mgo",
        potential=potential,
        quantity="energy",
        metric="mae",
        value=value,
        unit="meV/atom",
        threshold=2.5,
        verdict=Verdict.FAIL,
    )


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    cli_report.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["report", *map(str, arguments)])
    return cli_report.run(args)


def test_merges_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(tmp_path / "a", RunRecord(id="a"), [result("p"), result("q", 1.0)])
    write_report(tmp_path / "b", RunRecord(id="b"), [result("q", 2.0)])
    # Failed checks are what the report says, not a failure to write it.
    assert run(tmp_path / "a", tmp_path / "b", "--out", tmp_path / "both") == 0
    document = json.loads((tmp_path / "both" / "results.json").read_text(encoding="utf-8"))
    assert [(r["potential"], r["value"]) for r in document["results"]] == [("p", 1.0), ("q", 2.0)]
    printed = capsys.readouterr().out
    assert "✗ fail" in printed
    assert str(tmp_path / "both" / "report.html") in printed


def test_journal_of_a_killed_run_is_written_beside_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", RunRecord(id="a", started="2026-01-01T00:00:00Z"))
    journal.append(result("p"))
    journal.close()
    assert run(tmp_path / "journal.jsonl") == 0
    assert "cut off before its end" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert run(tmp_path) == 0


def test_terminal_without_unicode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(tmp_path, RunRecord(), [result("β")])
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    assert run(tmp_path) == 0
    assert b"x fail" in raw.getvalue()


def test_several_runs_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder of the merged report"):
        run(tmp_path, tmp_path)


def test_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist"):
        run(tmp_path / "absent")


def test_a_path_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run()
    assert "PATH" in capsys.readouterr().err
