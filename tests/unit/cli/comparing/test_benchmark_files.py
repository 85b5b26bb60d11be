"""Reading files of pytest-benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.cli.comparing.benchmark_files import read_benchmarks
from ms25_suite.core.errors import BenchmarkError
from tests.helpers.benchmark_runs import NAME, edited


def test_what_is_read(base: Path) -> None:
    found = read_benchmarks(base)
    timing = found.timings["hea", NAME]
    assert (timing.median_s, timing.rounds) == (pytest.approx(0.012), 5)
    assert timing.conditions["potential"] == "mace"
    assert {"cores", "Python", "system", "pytest-benchmark"} <= set(found.machine)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "expected JSON, found something else"),
        ("[]", "a list `benchmarks`, found a list"),
        ('{"results": 1}', r"found the keys \['results'\]"),
        ('{"benchmarks": []}', "contains no benchmark: was the run made with --benchmark-disable"),
        ('{"benchmarks": [{"name": "a"}]}', r"`benchmarks\[0\]`: the key `stats` is missing"),
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


def test_what_a_file_does_not_say_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    stats = {"median": 1.0, "iqr": 0.5, "rounds": 5}
    content: dict[str, Any] = {"benchmarks": [{"name": "a", "group": None, "stats": stats}]}
    path.write_text(json.dumps(content))
    found = read_benchmarks(path)
    assert (found.machine, found.commit) == ({}, "")
    assert found.timings["", "a"].conditions == {}
    assert found.timings["", "a"].spread == 0.5


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"id": "0123456789abcdef", "dirty": False}, "0123456789ab"),
        ({"id": "0123456789abcdef", "dirty": True}, "0123456789ab with uncommitted changes"),
        ({"id": "unversioned"}, ""),
        (None, ""),
    ],
)
def test_the_commit_is_short(base: Path, info: Any, expected: str) -> None:
    content = json.loads(base.read_text())
    content["commit_info"] = info
    base.write_text(json.dumps(content))
    assert read_benchmarks(base).commit == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extra_info": True}, r"`benchmarks\[0\]`: `extra_info`: expected a table, found True"),
        ({"name": None}, "`name`: expected a text, found None"),
        ({"group": 5}, "`group`: expected a text, found 5"),
        ({"stats": {"median": 1e308, "iqr": 0.1, "rounds": 9}}, "expected a positive time"),
        ({"stats": {"median": 1e-308, "iqr": 0.1, "rounds": 9}}, "expected a positive time"),
        ({"stats": {"median": "1", "iqr": 0.1, "rounds": 9}}, "`stats.median`: expected a number"),
        ({"stats": {"median": 1.0, "iqr": float("nan"), "rounds": 9}}, "positive time"),
    ],
)
def test_a_benchmark_of_another_program(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    entry = {"name": "n", "stats": {"median": 1.0, "iqr": 0.1, "rounds": 9}, **changes}
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"benchmarks": [entry]}))
    with pytest.raises(BenchmarkError, match=message):
        read_benchmarks(path)
