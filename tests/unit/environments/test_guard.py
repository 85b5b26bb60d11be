"""Nothing that a program has started outlives it, or the process that wanted it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ms25_suite.environments.processes import end_process, run_captured, start_process
from tests.helpers.processes import START_TREE, assert_gone, is_alive, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="daemons are found on Linux only")

# A thread cannot watch a parent meanwhile: the sum holds the interpreter.
NATIVE = "\nsum(range(10**12))\n"
SLEEP = "\ntime.sleep(300)\n"
STUBBORN = "\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nstart_tree()" + SLEEP


def start(code: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", START_TREE + code]
    return start_process(command, folder=folder, output=folder / "out", variables={})


@pytest.mark.parametrize(
    ("code", "grace_s"), [("start_tree()" + SLEEP, 0.0), (STUBBORN, 0.3), ("start_tree()", 0.0)]
)
def test_daemons_end_too(tmp_path: Path, code: str, grace_s: float) -> None:
    process = start(code, tmp_path)
    found = tree(tmp_path)
    end_process(process, grace_s=grace_s)
    assert_gone(found, 0.0)
    assert process.returncode in (0, -9)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", [SLEEP, NATIVE])
def test_all_end_with_the_process_that_wanted_them(
    tmp_path: Path, number: signal.Signals, code: str
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    program = START_TREE + "start_tree()" + code
    starter = (
        "import sys, time; from pathlib import Path\n"
        "from ms25_suite.environments.processes import start_process\n"
        f"start_process([sys.executable, '-c', {program!r}], folder=Path({str(tmp_path)!r}),"
        f" output=Path({str(tmp_path / 'out')!r}), variables={{}}, scratch=Path({str(scratch)!r}))"
        f"{SLEEP}"
    )
    with subprocess.Popen([sys.executable, "-c", starter]) as process:
        found = tree(tmp_path)
        process.send_signal(number)
    assert_gone(found)
    deadline = time.monotonic() + 5
    while scratch.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not scratch.exists()


def test_they_end_also_if_the_guard_is_killed(tmp_path: Path) -> None:
    process = start("start_tree()" + SLEEP, tmp_path)
    found = tree(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10) == -9
    # The program at least; the rest has nobody left who could know of it.
    assert_gone({"itself": found.pop("itself")})
    for pid in found.values():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("code", "status"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 11)", -11), ("os.abort()", -6)]
)
def test_it_ends_as_the_program_does(tmp_path: Path, code: str, status: int) -> None:
    assert start(code, tmp_path).wait(20) == status


def test_signals_are_as_for_a_program_from_a_shell(tmp_path: Path) -> None:
    code = (
        "print([signal.getsignal(n).name for n in (signal.SIGTERM, signal.SIGHUP,"
        " signal.SIGCHLD, signal.SIGUSR1)],"
        " open('/proc/self/status').read().split('SigIgn:')[1].split()[0])"
    )
    assert start(code, tmp_path).wait(20) == 0
    handlers, ignored = (tmp_path / "out").read_text().rsplit(maxsplit=1)
    assert set(eval(handlers)) == {"SIG_DFL"}
    # Python itself ignores SIGPIPE and SIGXFSZ; a shell may have set others for the tests, such as
    # SIGINT where they run in the background, and the guard sets those back that it passes on.
    before = Path("/proc/self/status").read_text().split("SigIgn:")[1].split()[0]
    own = (1 << signal.SIGPIPE - 1) | (1 << signal.SIGXFSZ - 1)
    assert int(ignored, 16) == (int(before, 16) & ~(1 << signal.SIGINT - 1)) | own


def test_output_is_caught_although_a_daemon_keeps_it_open(tmp_path: Path) -> None:
    code = START_TREE + f"start_tree({str(tmp_path)!r}); print('done'); sys.stderr.write('oh')"
    before = time.monotonic()
    done = run_captured([sys.executable, "-c", code], time_limit_s=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "oh")
    assert time.monotonic() - before < 30
    assert_gone(tree(tmp_path), 0.0)


def test_a_time_limit_ends_all(tmp_path: Path) -> None:
    code = START_TREE + f"start_tree({str(tmp_path)!r})" + SLEEP
    with pytest.raises(subprocess.TimeoutExpired):
        run_captured([sys.executable, "-c", code], time_limit_s=3.0)
    assert not is_alive(tree(tmp_path)["daemon"])
