"""One task: done once, ended when it must, and named with its reason when it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.campaign import task as module
from ms25_suite.campaign.card import Resources
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import RESULTS, Store
from ms25_suite.campaign.task import OVER_TIME, judge_command, run_row
from ms25_suite.core.errors import CampaignError
from tests.conftest import REPOSITORY

KEY = "cd" * 16


def row(kind: str = "judge", **values: Any) -> Row:
    given: dict[str, Any] = {
        "number": 3,
        "kind": kind,
        "key": KEY,
        "title": "judge it",
        "dataset": "cha",
        "data": "mini",
        "potentials": ("reference",),
        "architecture": "reference",
        "criteria": ("eos", "error_thresholds"),
        "options": ("--neb-steps=3",),
    }
    return Row(**{**given, **values})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache" / "campaign")


class Program:
    """Stands for the program that judges: its exit code, and what it leaves in its folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int, result: Any = None) -> None:
        self.runs = 0
        self.code, self.result = code, result
        monkeypatch.setattr(module, "_run", self)

    def __call__(self, arguments: list[str], resources: Resources, log: Path) -> int:
        self.runs += 1
        folder = next(word for word in arguments if word.startswith("--report-dir="))
        if self.result is not None:
            place = Path(folder.removeprefix("--report-dir="))
            place.mkdir()
            (place / RESULTS).write_text(json.dumps(self.result))
        with log.open("a") as file:
            file.write("ERROR: something is wrong\n")
        return self.code


def test_the_command_names_all(tmp_path: Path) -> None:
    words = judge_command(row(device="cuda"), Resources(cores=3), tmp_path)
    assert words[:4] == ["--mlip=reference", "--dataset=cha", "--data=mini", "-m"]
    assert words[4] == "eos or error_thresholds"
    assert {"--device=cuda", "--workers=3", "--neb-steps=3", f"--report-dir={tmp_path}"} <= {*words}


@pytest.mark.parametrize("code", [0, 1, 5])
def test_a_verdict_is_a_result_whichever(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    program = Program(monkeypatch, code, {"results": []})
    assert run_row(row(), Resources(), store, tmp_path / "logs" / "a.log")
    assert (store.judged(KEY) / RESULTS).is_file()
    note = store.note(KEY)
    assert note is not None
    assert note["cpu_seconds"] > 0
    assert not run_row(row(), Resources(), store, tmp_path / "logs" / "a.log")
    assert program.runs == 1


def test_a_check_that_could_not_be_run_is_a_failure_and_its_results_are_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = ("out of memory\nand so on", "importing a.py failed:\n  line 1\nValueError: no")
    found = {"results": [{"verdict": "error", "reason": reason} for reason in reasons]}
    Program(monkeypatch, 10, found)
    with pytest.raises(
        CampaignError, match=r"^importing a\.py failed: ValueError: no; out of memory$"
    ):
        run_row(row(), Resources(), store, tmp_path / "a.log")
    assert store.results([row()]) == [store.work(KEY) / RESULTS]
    # The next try begins without them.
    Program(monkeypatch, 0, {"results": []})
    assert run_row(row(), Resources(), store, tmp_path / "a.log")


@pytest.mark.parametrize(
    ("code", "message"),
    [(4, "something is wrong"), (-9, "killed by SIGKILL .*memory is full"), (0, "is wrong")],
)
def test_without_results_it_failed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    Program(monkeypatch, code)
    with pytest.raises(CampaignError, match=message):
        run_row(row(), Resources(), store, tmp_path / "a.log")
    assert not store.is_done(KEY)


def test_what_it_needs_must_be_done(store: Store, tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="1 of the 1 trainings that it needs are not done"):
        run_row(row(needs=("ef" * 16,)), Resources(), store, tmp_path / "a.log")


def test_two_at_once_do_it_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(monkeypatch, 0, {"results": []})
    held = threading.Event()

    def hold() -> None:
        with store.locked(KEY):
            held.set()
            time.sleep(0.3)
            place = store.judged(KEY)
            place.mkdir()
            store.finish(KEY, place)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    assert not run_row(row(), Resources(), store, tmp_path / "a.log")
    other.join()
    assert program.runs == 0


def test_too_long(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> int:
        time.sleep(30)
        return 0

    monkeypatch.setattr(module, "_run", slow)
    handler = signal.getsignal(signal.SIGTERM)
    start = time.monotonic()
    with pytest.raises(CampaignError, match=f"^{OVER_TIME}: it took longer than the 1 s"):
        run_row(row(), Resources(walltime="0:00:01"), store, tmp_path / "a.log")
    assert time.monotonic() - start < 10
    assert signal.getsignal(signal.SIGTERM) is handler


def test_it_ends_with_what_started_it(tmp_path: Path) -> None:
    """A worker that is killed leaves no training behind."""
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "parent.py").write_text(PARENT)
    subprocess.run(
        [sys.executable, "parent.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        timeout=60,
    )
    end = time.monotonic() + 20
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "the process that started it has ended" in (tmp_path / "ended").read_text()


CHILD = """
import time
from pathlib import Path

from ms25_suite.campaign import task

try:
    with task._watched(None):
        Path("begun").write_text("")
        time.sleep(60)
except Exception as error:
    Path("ending").write_text(str(error))
    Path("ending").rename("ended")
"""

PARENT = """
import os, subprocess, sys, time

subprocess.Popen([sys.executable, "child.py"])
while not os.path.exists("begun"):
    time.sleep(0.05)
os._exit(0)
"""
