from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ms25_suite.core.errors import TrainingError
from ms25_suite.training.process import (
    run_watched,
    training_environment,
)


def run(code: str, folder: Path, on_poll=lambda: None, **env: str) -> None:
    command = [sys.executable, "-c", code]
    run_watched(command, folder=folder, log=folder / "log", env=env, on_poll=on_poll)


def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    polls: list[int] = []
    (tmp_path / "log").write_text("before\n")
    run("import os; print(os.environ['WORD'])", tmp_path, lambda: polls.append(1), WORD="after")
    assert (tmp_path / "log").read_text() == "before\nafter\n"
    assert polls


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('disk full'); raise SystemExit(3)", r"(?s)ended with status 3\..*disk full"),
        ("import os; os.kill(os.getpid(), 9)", r"killed by SIGKILL \(often by the system"),
        ("import os; os.kill(os.getpid(), 15)", r"killed by SIGTERM\."),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_failure_is_explained(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        run(code, tmp_path)


def test_a_program_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"could not be started: .*no-such-program"):
        run_watched(
            ["no-such-program"], folder=tmp_path, log=tmp_path / "log", env={}, on_poll=lambda: None
        )


def test_an_exception_ends_the_process(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run("import time; time.sleep(60)", tmp_path, stop)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("visible", "device", "expected"),
    [("", "cuda:1", "1"), ("4,5", "cuda:1", "5"), ("4,5", "cuda", None), ("", "cpu", None)],
)
def test_one_device_is_shown(
    monkeypatch: pytest.MonkeyPatch, visible: str, device: str, expected: str | None
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert training_environment(1, device).get("CUDA_VISIBLE_DEVICES") == expected


def test_threads_and_waiting() -> None:
    found = training_environment(3, "cpu")
    assert found["OMP_NUM_THREADS"] == "3"
    assert found["OMP_WAIT_POLICY"] == "PASSIVE"
