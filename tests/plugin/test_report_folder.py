"""The report folder and its names: full disks, two runs at once, names that are not UTF-8."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import pytest

from ms25_suite.plugin.outcome import NOT_RUN
from ms25_suite.report import writer

Calc = Callable[..., str]
Results = Callable[..., dict[tuple[str, str, str, str], Any]]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are UTF-8 there")
def test_names_and_errors_that_are_not_utf8(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    """Model, data, report folder and text of an error: all of them reach the report."""
    folder = pytester.path / "d\udcff"
    folder.mkdir()
    shutil.copy(cuni, folder / f"cuni\udcfe{cuni.suffix}")
    model = folder / "m\udcff.py"
    shutil.copy(calc("raise ValueError('bad \\udcff name')"), model)
    done = pytester.runpytest(
        f"--mlip={model}", f"--dataset={folder}", f"--report-dir={folder / 'r'}"
    )
    assert done.ret == NOT_RUN
    document = json.loads((folder / "r" / "results.json").read_text(encoding="utf-8"))
    assert {entry["potential"] for entry in document["results"]} == {r"m\xff"}
    assert {entry["dataset"] for entry in document["results"]} == {r"d\xff"}
    assert all(r"bad \xff name" in entry["reason"] for entry in document["results"])
    assert (folder / "r" / "report.html").is_file()
    done = pytester.runpytest_subprocess(f"--mlip={model}", f"--dataset={folder}", "-n2")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*is not UTF-8, and pytest-xdist cannot hand it*"])


def test_two_runs_with_one_report_folder(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    lock = filelock.FileLock(pytester.mkdir("reports") / ".lock")
    arguments = (f"--mlip={calc()}", f"--dataset={cuni}")
    with lock:
        done = pytester.runpytest(*arguments)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*another run writes its report there*"])
    pytester.runpytest(*arguments)
    assert {key[2] for key in results()} >= {"energy", "forces", "stress"}


@pytest.mark.parametrize("passes", [True, False])
def test_a_full_report_folder_costs_no_verdict(
    pytester: pytest.Pytester,
    cuni: Path,
    calc: Calc,
    monkeypatch: pytest.MonkeyPatch,
    passes: bool,
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    real = writer._write

    def full_there(path: Path, data: bytes) -> None:
        if path.parent == pytester.path / "reports":
            full(0)
        real(path, data)

    monkeypatch.setattr("ms25_suite.core.journal.os.fsync", full)
    monkeypatch.setattr(writer, "_write", full_there)
    monkeypatch.setattr(tempfile, "tempdir", str(pytester.mkdir("elsewhere")))
    potential = calc("pass" if passes else "results['forces'] = results['forces'] * 1.1")
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={cuni}")
    assert done.ret == (pytest.ExitCode.OK if passes else pytest.ExitCode.TESTS_FAILED)
    done.stdout.fnmatch_lines(
        [
            "error_thresholds: cuni* calc",
            "forces mae*",
            "*journal*could not be written: No space left on device*",
            "*the report could not be written*",
            "*the report of this run is in *elsewhere*",
        ]
    )
    assert len(list((pytester.path / "elsewhere").glob("*/results.json"))) == 1


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize(
    "arguments",
    [(), pytest.param(("-n2",), marks=pytest.mark.slow)],
    ids=["one process", "two"],
)
def test_a_part_never_replaces_a_whole_report(
    pytester: pytest.Pytester,
    cuni: Path,
    calc: Calc,
    results: Results,
    arguments: tuple[str, ...],
) -> None:
    words = (f"--mlip={calc()}", f"--dataset={cuni}", *arguments)
    pytester.runpytest(*words)
    whole = results()
    done = pytester.runpytest(*words, "-k", "forces")
    (earlier,) = (pytester.path / "reports" / "runs").iterdir()
    done.stdout.fnmatch_lines([f"report before ({len(whole)} results): *runs/{earlier.name}"])
    assert results(f"reports/runs/{earlier.name}").keys() == whole.keys()
    assert (earlier / "report.html").is_file()
    assert (earlier / "baseline.json").is_file()
    assert {key[2] for key in results()} < {key[2] for key in whole}
    # Files that the results of the first run name are with them, and its page is whole.
    named = {entry["artifact"] for entry in whole.values() if entry["artifact"]}
    assert named
    assert all((earlier / name).is_file() for name in named)


@pytest.mark.usefixtures("no_drawing")
def test_what_only_shows_something_moves_nothing(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    words = (f"--mlip={calc()}", f"--dataset={cuni}")
    pytester.runpytest(*words, "-k", "forces")
    for option in ("--collect-only", "-knothing"):
        pytester.runpytest(*words, option)
        assert results(), option
    assert not (pytester.path / "reports" / "runs").exists()


@pytest.mark.usefixtures("no_drawing")
def test_a_report_that_cannot_be_set_aside_is_not_replaced(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results, document: Any
) -> None:
    words = (f"--mlip={calc()}", f"--dataset={cuni}", "-k", "forces")
    pytester.runpytest(*words)
    first = document()["run"]["id"]
    (pytester.path / "reports" / "runs").write_text("a file where the folder is to be")
    done = pytester.runpytest(*words)
    done.stdout.fnmatch_lines(["*could not be moved to *reports/runs, and is not replaced*"])
    assert document()["run"]["id"] == first
    # Who reads the folder would take the old numbers for those of this run.
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
