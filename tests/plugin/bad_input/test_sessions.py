"""Rows of the table "Options and runs" on projects, plugins and report folders."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import pytest
from ase import Atoms

from ms25_suite.report import writer
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]


@row("every check skipped, none selected, or every verdict undecided")
@pytest.mark.parametrize("what", ["skipped", "none", "undecided"])
def test_nothing_is_decided(
    judge: Judge, emt: str, cuni: Path, images: list[Atoms], dataset: Dataset, what: str
) -> None:
    options = {"skipped": ("-m", "eos"), "none": ("-k", "no_such_check"), "undecided": ()}[what]
    frames = dataset(images[:4]) if what == "undecided" else cuni
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}", *options)
    assert not outcome.verdicts - {"skip", "undecided"}


@row("tests of your own on the command line, and no checks")
def test_tests_of_a_project(pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path) -> None:
    path = pytester.makepyfile("def test_theirs(): pass")
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", path)
    assert "1 passed" in outcome.text
    assert "nothing was judged: " in outcome.text


@row("check skipped by a mark or a plugin of your project")
def test_a_skipped_check(pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path) -> None:
    pytester.makeconftest(
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    errors = next(item for item in items if 'error_thresholds' in item.nodeid)\n"
        "    errors.add_marker(pytest.mark.skip(reason='slow'))\n"
    )
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", plain=True)
    assert "not judged: " in outcome.text


@row("mark such as `xfail`, or a plugin, that turns a failed check into a success")
def test_an_expected_failure(
    pytester: pytest.Pytester, judge: Judge, calc: Calc, cuni: Path
) -> None:
    pytester.makeconftest(
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.xfail)\n"
    )
    wrong = calc("results['forces'] = results['forces'] * 1.3")
    outcome = judge(f"--mlip={wrong}", f"--dataset={cuni}", plain=True)
    assert "internal error: pytest would end with success, but " in outcome.text
    assert "forces" in outcome.text.partition("internal error: ")[2].partition("A mark such")[0]


@row("`PYTHONOPTIMIZE`, `--assert=plain`")
@pytest.mark.parametrize("body", ["pass", "results['forces'] = results['forces'] * 1.3"])
def test_without_assertions(judge: Judge, calc: Calc, cuni: Path, body: str) -> None:
    arguments = (f"--mlip={calc(body)}", f"--dataset={cuni}", "--assert=plain")
    outcome = judge(*arguments, PYTHONOPTIMIZE="2")
    assert ("fail" in outcome.verdicts) is (body != "pass")


@row("`-p no:ms25_session`")
def test_without_the_session(judge: Judge, emt: str, cuni: Path) -> None:
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", "-p", "no:ms25_session").text
    assert "ms25_session" in text


@row("report folder to which another run is writing its report")
def test_two_runs(judge: Judge, emt: str, cuni: Path) -> None:
    Path("reports").mkdir()
    with filelock.FileLock("reports/.lock"):
        text = judge(f"--mlip={emt}", f"--dataset={cuni}").text
    assert "another run writes its report there" in text


@row("report folder that becomes full, read-only or vanishes during a run")
def test_a_full_report_folder(
    judge: Judge, promise: Any, calc: Calc, cuni: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, folder = writer._write, Path("reports").resolve()

    def full_there(path: Path, data: bytes) -> None:
        if path.parent == folder:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, data)

    Path("elsewhere").mkdir()
    monkeypatch.setattr(writer, "_write", full_there)
    monkeypatch.setattr(tempfile, "tempdir", str(Path("elsewhere").resolve()))
    wrong = calc("results['forces'] = results['forces'] * 1.3")
    # Its results are elsewhere, so that the exit code is compared here.
    outcome = judge(f"--mlip={wrong}", f"--dataset={cuni}", check=False)
    promise.checked = True
    assert "the report of this run is in" in outcome.text
    assert outcome.code == 1
    assert len(list(Path("elsewhere").glob("*/results.json"))) == 1


@row("model, dataset or folder whose name is not UTF-8")
@pytest.mark.skipif(sys.platform != "linux", reason="names of files are UTF-8 there")
def test_names_that_are_not_utf8(judge: Judge, calc: Calc, cuni: Path) -> None:
    Path("d\udcff").mkdir()
    Path("d\udcff/x.extxyz").write_bytes(cuni.read_bytes())
    Path(calc()).rename("m\udcff.py")
    outcome = judge("--mlip=m\udcff.py", "--dataset=d\udcff")
    assert {(r["potential"], r["dataset"]) for r in outcome.results} == {(r"m\xff", r"d\xff")}


@row("such a name, or working folder, with `-n`")
@pytest.mark.skipif(sys.platform != "linux", reason="names of files are UTF-8 there")
def test_such_names_in_several_processes(judge: Judge, calc: Calc, cuni: Path) -> None:
    Path(calc()).rename("m\udcff.py")
    text = judge("--mlip=m\udcff.py", f"--dataset={cuni}", "-n2", plain=True).text
    assert "is not UTF-8, and pytest-xdist cannot hand it" in text
