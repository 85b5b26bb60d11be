"""`ms25 compare`: the files are those that pytest-benchmark writes, some of them edited."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.cli.benchmarks import compare, read_benchmarks
from ms25_suite.cli.main import main
from ms25_suite.core.errors import BenchmarkError

SOURCE = """
import pytest


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()
CLOCK.__name__ = "clock"


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("potential", ["mace", "ani"])
def test_step(benchmark, potential):
    times = iter([0.010, 0.011, 0.012, 0.013, 0.014])
    benchmark.group = "hea"
    benchmark.extra_info |= {"potential": potential, "n_atoms": 108, "katoms_per_s": 1.0}
    benchmark.pedantic(lambda: setattr(CLOCK, "now", CLOCK.now + next(times)), rounds=5)
"""
NAME = "test_step[mace]"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real run wrote; its times are those of the clock above."""
    folder = tmp_path_factory.mktemp("benchmarks")
    (folder / "test_speed.py").write_text(SOURCE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_speed.py"]
    command += ["--benchmark-json=base.json", "-p", "no:ms25_suite.plugin"]
    # Beside other processes of pytest-xdist nothing would be timed.
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)
    return folder / "base.json"


@pytest.fixture
def base(written: Path, tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    path.write_text(written.read_text())
    return path


def edited(base: Path, file: str, factor: float = 1.0, **changes: Any) -> Path:
    """A copy whose times are multiplied; `changes` replace entries of the first benchmark."""
    content = json.loads(base.read_text())
    for benchmark in content["benchmarks"]:
        for key in ("median", "iqr"):
            benchmark["stats"][key] *= factor
    first = content["benchmarks"][0]
    first["stats"] |= changes.pop("stats", {})
    first["extra_info"] |= changes.pop("extra_info", {})
    content["machine_info"] |= changes.pop("machine_info", {})
    first |= changes
    path = base.with_name(file)
    path.write_text(json.dumps(content))
    return path


def test_what_is_read(base: Path) -> None:
    found = read_benchmarks(base)
    timing = found.timings["hea", NAME]
    assert (timing.median_s, timing.rounds) == (pytest.approx(0.012), 5)
    assert timing.conditions["potential"] == "mace"
    assert {"cores", "Python", "system", "pytest-benchmark"} <= set(found.machine)


@pytest.mark.parametrize(
    ("factor", "outcome"),
    # The notches have a half-width of 1.57 x 0.002 / sqrt(5) s = 1.4 ms at a median of 12 ms.
    [(1.0, "within noise"), (1.15, "within noise"), (1.5, "slower"), (0.5, "faster")],
)
def test_a_difference_counts_beyond_the_noise(base: Path, factor: float, outcome: str) -> None:
    found = compare(read_benchmarks(base), read_benchmarks(edited(base, "b.json", factor)))
    ratio = found.ratios["hea", NAME]
    assert ratio.value == pytest.approx(factor)
    assert ratio.outcome == outcome
    assert not found.machine


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "is no JSON"),
        ("[]", "a list `benchmarks`, found a list"),
        ('{"results": 1}', r"found the keys \['results'\]"),
        ('{"benchmarks": []}', "holds no benchmark: was the run made with --benchmark-disable"),
        ('{"benchmarks": [{"name": "a"}]}', "lacks its name, median, iqr or number of rounds"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=message):
        read_benchmarks(path)


@pytest.mark.parametrize("value", [0.0, float("nan"), -1.0])
def test_times_that_make_no_sense(base: Path, value: float) -> None:
    with pytest.raises(BenchmarkError, match=r"'test_step\[mace\]' has a median of"):
        read_benchmarks(edited(base, "b.json", stats={"median": value}))


def test_a_benchmark_that_is_there_twice(base: Path) -> None:
    with pytest.raises(BenchmarkError, match="twice"):
        read_benchmarks(edited(base, "b.json", name="test_step[ani]"))


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
