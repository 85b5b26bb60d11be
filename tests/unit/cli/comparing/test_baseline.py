"""``ms25 baseline``, and ``ms25 compare`` of numbers of checks."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.baseline.document import Baseline
from ms25_suite.cli.comparing.accuracy import read_numbers
from ms25_suite.cli.main import main
from ms25_suite.core.journal import Journal
from ms25_suite.report import write_report
from tests.helpers.baselines import baseline_of, result_of, run_of, sample_of
from tests.helpers.reports import make_result

ERRORS = np.abs(np.random.default_rng(0).normal(size=60)) + 1
BEFORE, AFTER = sample_of(ERRORS), sample_of(1.1 * ERRORS)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    volume = make_result(criterion="eos", quantity="volume", metric="error", unit="%", value=0.5)
    baseline_of(result_of(BEFORE), replace(volume, interval=None), sample=BEFORE).write(path)
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Folder of a run whose force error is 10 % larger, with the errors of its frames."""
    folder = tmp_path / "reports"
    run = run_of("second", id="run-2", dtype="float64")
    results = [result_of(AFTER, potential="second")]
    write_report(folder, run, results)
    baseline_of(results[0], sample=AFTER, run=run).write(folder / "baseline.json")
    return folder


def test_show(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "show", str(base)]) == 0
    out = capsys.readouterr().out
    assert "accepted 2026-01-02: a test" in out
    assert "float64, 4 cores of some CPU" in out
    assert "60 *" in out


def test_show_fits_a_narrow_terminal(
    base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["baseline", "show", str(base)]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    lines = [line.split() for line in text.splitlines()]
    assert ["error_thresholds:", "mgo", "·", "mace-β"] in lines
    # Each number in one piece; the only run has no column.
    assert ["quantity", "value", "95", "%", "interval", "unit", "frames"] in lines
    assert ["forces", "mae", "1.73", "[1.60,", "1.94]", "meV/Å", "60", "*"] in lines


def test_diff_is_paired_and_fails_on_a_regression(
    base: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "diff", str(base), str(report)]) == 1
    out = capsys.readouterr().out
    assert "▲ worse +10 %" in out
    assert f"only in {base}: volume (eos, mgo)" in out
    assert "models: name mace-β -> second" in out
    assert main(["baseline", "diff", str(base), str(report), "--fail-if", "forces:20%"]) == 0


def test_compare_takes_folders_and_results(
    base: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(base), str(report / "results.json")]
    assert main(words) == 0
    capsys.readouterr()
    assert main([*words, "--fail-if", "*:2%", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    (number,) = found["numbers"]
    assert (number["outcome"], number["paired"]) == ("worse", True)
    assert found["missing"][0][4] == "volume"
    assert main([*words, "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(row["difference"]) == pytest.approx(0.1 * ERRORS.mean(), rel=1e-5)
    # Without the errors of the frames the two intervals overlap.
    (report / "baseline.json").unlink()
    assert main([*words, "--fail-if", "*:2%"]) == 0
    assert "? undecided +10 %" in capsys.readouterr().out


def test_errors_of_frames_of_another_run_are_not_taken(base: Path, report: Path) -> None:
    old = baseline_of(result_of(AFTER, potential="second"), sample=AFTER, run=run_of(id="old"))
    old.write(report / "baseline.json")
    words = ["compare", str(base), str(report / "results.json"), "--fail-if", "*:2%"]
    assert main(words) == 0


def test_update_keeps_what_the_run_has_not(
    base: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "update", str(base), str(report), "--reason", "smaller"]) == 0
    assert "1 numbers accepted, 1 kept" in capsys.readouterr().out
    found = Baseline.read(base)
    assert {entry.quantity: found.accepted[entry.accepted].reason for entry in found.numbers} == {
        "forces": "smaller",
        "volume": "a test",
    }
    new = base.with_name("new.json")
    assert main(["baseline", "update", str(new), str(report), "--reason", "first"]) == 0
    assert len(Baseline.read(new).numbers) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["baseline", "show", "nowhere.json"], "nowhere.json"),
        (["baseline", "update", "BASE", "REPORT", "--reason", " "], "say why"),
        (["baseline", "update", "BASE", "REPORT", "--reason", "x", "--only", "eos"], "has only"),
        (["baseline", "diff", "BASE", "REPORT", "--fail-if", "force:1%"], "Did you mean 'forces'"),
        (["compare", "BASE", "REPORT", "--fail-above", "1.1"], "there is --fail-if"),
        (["compare", "BASE", "nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_said(
    base: Path,
    report: Path,
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"BASE": str(base), "REPORT": str(report)}
    assert main([places.get(word, word) for word in words]) == 1
    assert message in capsys.readouterr().err


def test_nothing_in_common(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    baseline_of(make_result(test_dataset="water", dataset="water")).write(other)
    assert main(["compare", str(base), str(other)]) == 1
    assert "have no number in common" in capsys.readouterr().err


def test_speeds_and_numbers_are_not_mixed(
    base: Path, written_benchmarks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(base), str(written_benchmarks)]) == 1
    assert main(["compare", *[str(written_benchmarks)] * 2, "--fail-if", "*:2%"]) == 1
    assert "for speeds there is --fail-above" in capsys.readouterr().err


def test_what_is_not_compared_is_no_success(
    base: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(AFTER, frames="f" * 64)
    run = run_of("second", id="run-2")
    results = [result_of(AFTER, potential="second")]
    baseline_of(results[0], sample=other, run=run).write(report / "baseline.json")
    assert main(["baseline", "diff", str(base), str(report)]) == 5
    assert "not compared: other frames" in capsys.readouterr().out
    # Without a limit nothing is asked for.
    assert main(["compare", str(base), str(report)]) == 0
    assert main(["compare", str(base), str(report), "--fail-if=*:900%"]) == 5


def test_of_a_folder_the_last_run_is_taken(base: Path, report: Path) -> None:
    journal = Journal(report / "journal-1.jsonl", run_of("killed", id="run-1"))
    journal.append(make_result(quantity="stress", potential="killed"))
    journal.close()
    found = read_numbers(report)
    assert found.potentials == ("second",)
    assert found.numbers[0].sample is not None
