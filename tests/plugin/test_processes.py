"""Whatever ends pytest or a worker, no process and no temporary folder is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.processes import START_TREE, assert_gone, is_alive, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="daemons are found on Linux only")

CALCULATOR = (
    START_TREE
    + """
from ase.calculators.emt import EMT

class Busy(EMT):
    def calculate(self, *arguments, **options):
        if not os.path.exists("itself.pid"):
            start_tree()
        {busy}

calculator = Busy
"""
)
NATIVE = "sum(range(10**12))"
"""Holds the interpreter, as native code does: no thread of the worker can run."""

SLEEP = "time.sleep(300)"


@pytest.fixture
def scratch(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = pytester.mkdir("tmp")
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def start(
    pytester: pytest.Pytester, cuni: Path, busy: str, *arguments: str
) -> subprocess.Popen[str]:
    (pytester.path / "busy.py").write_text(CALCULATOR.replace("{busy}", busy))
    command = [*arguments, "--mlip=busy.py", f"--dataset={cuni}"]
    # A session of its own, so that signals can be sent to its group as a terminal does. A shell
    # that runs the tests in the background lets them ignore SIGINT.
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *command],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left(scratch: Path) -> list[str]:
    """Temporary folders of the suite; they may take a moment to be deleted."""
    deadline = time.monotonic() + 5
    while True:
        found = sorted(path.name for path in scratch.glob("*ms25*"))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


PYTEST = ("-m", "pytest")
COMMAND = ("-m", "ms25_suite")


@pytest.mark.parametrize(
    ("program", "busy", "number", "group"),
    [
        (PYTEST, NATIVE, signal.SIGKILL, False),
        (PYTEST, NATIVE, signal.SIGINT, True),
        (PYTEST, SLEEP, signal.SIGTERM, False),
        (PYTEST, SLEEP, signal.SIGHUP, True),
        (COMMAND, NATIVE, signal.SIGKILL, False),
        ((*PYTEST, "-n2"), NATIVE, signal.SIGKILL, False),
        ((*PYTEST, "-n2"), NATIVE, signal.SIGTERM, True),
    ],
)
def test_nothing_outlives_pytest(
    pytester: pytest.Pytester,
    cuni: Path,
    scratch: Path,
    program: tuple[str, ...],
    busy: str,
    number: signal.Signals,
    group: bool,
) -> None:
    process = start(pytester, cuni, busy, *program)
    found = tree(pytester.path)
    (os.killpg if group else os.kill)(process.pid, number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode in (2, -number), output
    assert_gone(found)
    assert left(scratch) == []


def test_a_process_of_xdist_that_crashes_leaves_nothing(
    pytester: pytest.Pytester, cuni: Path, scratch: Path
) -> None:
    process = start(pytester, cuni, SLEEP, *PYTEST, "-n1", "--max-worker-restart=0")
    found = tree(pytester.path)
    # The parent of a worker is its guard, whose parent is the process of xdist.
    os.kill(parent(parent(found["itself"])), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert_gone(found)
    assert left(scratch) == []


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.slow
@pytest.mark.parametrize("busy", [NATIVE, SLEEP])
def test_the_children_of_a_worker_end_with_its_time(
    pytester: pytest.Pytester, cuni: Path, scratch: Path, busy: str
) -> None:
    process = start(pytester, cuni, busy, *PYTEST, "--worker-timeout=15", "-k", "energy")
    found = tree(pytester.path)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == NOT_RUN, output
    assert "did not answer within 15 s" in output
    assert not any(map(is_alive, found.values()))
    assert left(scratch) == []


def test_a_daemon_of_a_calculator_ends_with_its_worker(
    pytester: pytest.Pytester, cuni: Path, scratch: Path
) -> None:
    busy = "super().calculate(*arguments, **options)"
    process = start(pytester, cuni, busy, *PYTEST, "-k", "energy")
    found = tree(pytester.path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert not any(map(is_alive, found.values()))
    assert left(scratch) == []
