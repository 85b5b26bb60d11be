"""`ms25 compare`: the files are those that pytest-benchmark writes, some of them edited."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from ms25_suite.cli.comparing.compare import time_text
from ms25_suite.cli.main import main
from tests.helpers.benchmark_runs import NAME, edited


@pytest.mark.parametrize(
    ("median", "iqr", "text"),
    [
        (0.0125, 0.002, "12.5 ± 1 ms"),
        (0.713, 0.0966, "713 ± 50 ms"),
        (4e-7, 1e-8, "0.4 ± 0.005 µs"),
    ],
)
def test_times_are_written_out(median: float, iqr: float, text: str) -> None:
    assert time_text(median, iqr) == text


def test_a_table_for_people(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = edited(base, "b.json", 1.5, extra_info={"n_atoms": 864, "katoms_per_s": 2.0})
    assert main(["compare", str(base), str(other)]) == 0
    text = capsys.readouterr().out
    (line,) = [line for line in text.splitlines() if NAME in line]
    assert "12 ± 1 ms" in line
    assert "1.500  slower" in line
    # What was timed is not the same; the speed itself is a result.
    assert "n_atoms: 108 -> 864" in line
    assert "katoms" not in text
    assert "SAME MACHINE" not in text


def test_another_machine_is_pointed_out(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = edited(base, "b.json", machine_info={"cpu": {"count": 64}, "python_version": "3.12.1"})
    assert main(["compare", str(base), str(other)]) == 0
    text = capsys.readouterr().out
    assert "NOT THE SAME MACHINE OR SOFTWARE" in text
    assert "-> 64" in text
    assert "-> 3.12.1" in text


def test_benchmarks_of_one_run_only(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = edited(base, "b.json", name="test_step[new]")
    assert main(["compare", str(base), str(other)]) == 0
    text = capsys.readouterr().out
    assert f"only in {base}: hea {NAME}" in text
    assert f"only in {other}: hea test_step[new]" in text


def test_too_few_rounds_and_noise_are_said(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = edited(base, "b.json", 3.0, stats={"rounds": 2, "iqr": 0.03})
    assert main(["compare", str(base), str(other), "--fail-above=1.1"]) == 1
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert "too few rounds" in lines[NAME]
    assert "noisy" in lines[NAME]
    assert "slower" in lines["test_step[ani]"]


def test_a_gate(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow, same = edited(base, "b.json", 1.5), edited(base, "c.json", 1.15)
    assert main(["compare", str(base), str(same), str(slow), "--fail-above=1.6"]) == 0
    assert main(["compare", str(base), str(same), "--fail-above=1.1"]) == 0  # within noise
    assert main(["compare", str(base), str(same), str(slow), "--fail-above=1.1"]) == 1
    assert f"hea {NAME} takes 1.5 times as long, more than 1.1" in capsys.readouterr().err


def test_tables_for_programs(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = edited(base, "b.json", 1.5)
    assert main(["compare", str(base), str(other), "--format=csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == [NAME, "test_step[ani]"]
    assert float(rows[0]["ratio"]) == pytest.approx(1.5)
    assert main(["compare", str(base), str(other), "--format=json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["other"] == str(other)
    assert record["ratios"][0]["outcome"] == "slower"


def test_usage_errors(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(base), str(tmp_path / "missing.json")]) == 1
    assert "cannot read" in capsys.readouterr().err
    assert main(["compare", str(base), str(base), "--fail-above=0"]) == 1
    assert "--fail-above must be a positive number" in capsys.readouterr().err
    alone = json.loads(base.read_text())
    for benchmark in alone["benchmarks"]:
        benchmark["group"] = "cha"
    other = tmp_path / "cha.json"
    other.write_text(json.dumps(alone))
    assert main(["compare", str(base), str(other)]) == 1
    assert "have no benchmark in common" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "csv"])
def test_names_control_no_terminal_and_no_spreadsheet(
    base: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    hostile = edited(base, "b.json", 9.0, name="=cmd|' /C calc'!A0\x1b[2J\n\u202e[red]", group="@g")
    assert main(["compare", str(hostile), str(hostile), "--format", form]) == 0
    text = capsys.readouterr().out
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert r"=cmd|' /C calc'!A0\x1b[2J\n\u202e[red]" in text
    if form == "csv":
        cells = {cell for row in csv.reader(io.StringIO(text)) for cell in row}
        assert {cell for cell in cells if cell.startswith(("=", "@"))} == set()
        assert "'@g" in cells
