from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ms25_suite.environments.processes import (
    SAFE_PATH,
    child_environment,
    end_process,
    keep_freed_memory,
    last_lines,
    log_tail,
    run_captured,
    safe_path,
    start_process,
    thread_variables,
)
from tests.helpers.processes import is_alive

posix = pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX")


def start(code: str, folder: Path, **options: object):
    return start_process(
        [sys.executable, "-c", code],
        folder=folder,
        output=folder / "out",
        variables={"WORD": "given"},
        **options,
    )


def wait_for(text: str, path: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if text in path.read_text():
            return path.read_text()
        time.sleep(0.05)
    pytest.fail(f"{text!r} was not written within 20 s")


def test_output_folder_and_variables(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ['WORD'], sys.stdin.read(), 'end')"
    for append in (False, True):
        process = start(code, tmp_path, append=append)
        assert process.wait(20) == 0
        end_process(process)
    assert (tmp_path / "out").read_text() == f"{tmp_path} given  end\n" * 2


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        start_process(["no-such-program"], folder=tmp_path, output=tmp_path / "out", variables={})


@posix
def test_whatever_it_started_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, 'started', flush=True)\n"
        "time.sleep(60)"
    )
    process = start(code, tmp_path)
    child = int(wait_for("started", tmp_path / "out").split()[0])
    end_process(process)
    assert process.returncode == -9
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


@posix
@pytest.mark.parametrize(("handler", "status"), [("sys.exit(7)", 7), ("None", -9)])
def test_time_to_end_by_itself(tmp_path: Path, handler: str, status: int) -> None:
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: {handler})\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\ntime.sleep(60)"
    )
    process = start(code, tmp_path)
    wait_for("ready", tmp_path / "out")
    end_process(process, grace_s=0.5 if status == -9 else 20.0)
    assert process.returncode == status


@pytest.mark.parametrize("before", [None, "yes"])
def test_processes_may_be_kept_from_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv(SAFE_PATH, raising=False)
    if before is not None:
        monkeypatch.setenv(SAFE_PATH, before)
    code = "import sys; print(sys.flags.safe_path)"
    with safe_path():
        done = run_captured([sys.executable, "-c", code], time_limit_s=60)
    assert done.stdout == "True\n"
    assert os.environ.get(SAFE_PATH) == before


def test_the_end_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert "cannot be read" in log_tail(path)
    path.touch()
    assert log_tail(path) == "    (empty)"
    output = "\n".join(map(str, range(100)))
    path.write_text(output)
    assert log_tail(path) == last_lines(output) == "\n".join(f"    {n}" for n in range(75, 100))


def test_threads_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "1000")
    found = child_environment(3)
    assert thread_variables(3).items() <= found.items()
    assert found["OMP_NUM_THREADS"] == "3"
    # What the user has set stays.
    assert "MALLOC_TRIM_THRESHOLD_" in found
    assert "MALLOC_MMAP_THRESHOLD_" not in found
    keep_freed_memory()
