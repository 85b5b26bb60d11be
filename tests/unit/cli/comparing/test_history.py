"""``ms25 history``: numbers over runs, as a table and a figure."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ms25_suite.cli.main import main
from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.report import write_report
from ms25_suite.report.history.earlier import set_aside
from tests.helpers.reports import make_result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder ``reports`` of two runs, on different frames."""
    monkeypatch.chdir(tmp_path)
    folder = Path("reports")
    for day, value in ((1, 31.0), (2, 29.0)):
        set_aside(folder)
        data = DatasetRecord(name="mgo", sha256=f"{day}" * 64)
        run = RunRecord(id=f"run-{day}", started=f"2026-11-0{day}T08:00:00+00:00", datasets=(data,))
        result = make_result(value=value, interval=(value - 1, value + 1), potential="model")
        write_report(folder, run, [result])
    return folder


def test_a_table_and_a_figure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--out=history.png"]) == 0
    text = capsys.readouterr().out
    assert "error_thresholds: forces mae on mgo, meV/Å" in text
    first, second = (line.split() for line in text.splitlines() if line.startswith("run-"))
    assert first[:4] == ["run-1", "2026-11-01", "08:00", "model"]
    # Frames are shown, since they differ.
    assert first[-4:] == ["11111111", "31.0", "30.0–32.0", "pass"]
    assert second[-4:] == ["22222222", "29.0", "28.0–30.0", "pass"]
    assert Path("history.png").read_bytes().startswith(b"\x89PNG")


def test_numbers_are_in_one_piece_in_a_narrow_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "58")
    assert main(["history"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(line.split() for line in lines if "run-1" in line)
    assert first[-3:] == ["31.0", "30.0–32.0", "pass"]


def test_the_figure_can_be_opened_whatever_a_potential_is_called(folder: Path) -> None:
    result = make_result(potential="m\x1bx")
    write_report(folder / "odd", RunRecord(started="2026-11-05T08:00:00+00:00"), [result])
    assert main(["history", str(folder / "odd"), "--out=history.svg"]) == 0
    ElementTree.parse("history.svg")
    assert not list(Path().glob(".history*"))


def test_csv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", str(folder), "--of=forces", "--format=csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["run"], float(row["value"]), row["verdict"]) for row in rows] == [
        ("run-1", 31.0, "pass"),
        ("run-2", 29.0, "pass"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--of=force"], "Did you mean 'forces'"),
        (["--out=history.txt"], "expected a file .svg, .png or .pdf, found .txt"),
        (["--dataset=cha"], "no such number in 2 runs"),
        (["nowhere"], "nowhere does not exist"),
        (["--out=missing/history.svg"], "cannot write the figure"),
    ],
)
def test_what_cannot_be_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["history", *arguments]) == 1
    assert words in capsys.readouterr().err
