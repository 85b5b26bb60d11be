"""A training in a process of its own, watched until it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import TrainingError
from ms25_suite.environments.processes import (
    child_environment,
    end_process,
    log_tail,
    start_process,
)

__all__ = [
    "run_watched",
    "training_environment",
]

POLL_S: Final = 0.25
"""Time between two looks at the results of a running training, in seconds."""

_GRACE_S: Final = 5.0


def training_environment(threads: int, device: str) -> dict[str, str]:
    """Environment variables of a training besides those of this process.

    Parameters
    ----------
    threads
        Threads of the numerical libraries.
    device
        ``cpu``, ``cuda``, ``cuda:1``, …
    """
    env = {
        **child_environment(threads),
        # Waiting threads must not spin: on a machine with other work, spinning makes each step
        # several times slower.
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
    }
    kind, _, index = device.partition(":")
    if kind == "cuda" and index:
        # Training programs are told "cuda" only, so one device is made visible to them.
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        known = index.isdigit() and int(index) < len(visible) and visible != [""]
        env["CUDA_VISIBLE_DEVICES"] = visible[int(index)] if known else index
    return env


def run_watched(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    env: Mapping[str, str],
    on_poll: Callable[[], None],
) -> None:
    """Run a command to its end, with its output in a log file.

    Whatever interrupts the wait (Ctrl-C, an exception of ``on_poll``, a kill of this process) ends
    the process and all that it started: a training that is continued must not run beside an orphan
    in the same folder.

    Parameters
    ----------
    command
        Program and arguments.
    folder
        Working folder.
    log
        File to which standard output and error are appended.
    env
        Environment variables besides those of this process.
    on_poll
        Called a few times a second, and once after the end.

    Raises
    ------
    TrainingError
        The process cannot be started, ended with a status other than 0, or was killed.
    """
    try:
        process = start_process(command, folder=folder, output=log, variables=env, append=True)
    except OSError as error:
        msg = f"the training in {folder} could not be started: {error}"
        raise TrainingError(msg) from error
    try:
        # Polling and not waiting, so that epochs are shown, and a bad one stops the training.
        while process.poll() is None:
            on_poll()
            time.sleep(POLL_S)
        on_poll()
    finally:
        end_process(process, grace_s=_GRACE_S)
    if process.returncode == 0:
        return
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        why = f"was killed by {name}"
        if name == "SIGKILL":
            why += " (often by the system, when the memory is full)"
    else:
        why = f"ended with status {process.returncode}"
    msg = (
        f"the training {why}. The epochs that it finished are kept: the same command continues "
        f"it. Log: {log}\nLast lines:\n{log_tail(log)}"
    )
    raise TrainingError(msg)
