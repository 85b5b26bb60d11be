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
            "*calc*forces mae*",
            "*journal*could not be written: No space left on device*",
            "*the report could not be written*",
            "*the report of this run is in *elsewhere*",
        ]
    )
    assert len(list((pytester.path / "elsewhere").glob("*/results.json"))) == 1
