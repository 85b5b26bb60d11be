"""Processes that compute: how they are started and ended, their output, threads and memory.

Unless told otherwise, the C library of Linux returns the memory of each tensor of some hundred
kilobytes to the system when it is freed, and fetches it again page by page. That costs a training
of MACE with the smoke budget a fifth of its time.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = [
    "child_environment",
    "end_process",
    "keep_freed_memory",
    "last_lines",
    "log_tail",
    "start_process",
    "thread_variables",
]

_TAIL_LINES: Final = 25

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

# Name of the variable: number of the setting in malloc.h, value in bytes.
_HEAP = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
    "MALLOC_MMAP_THRESHOLD_": (-3, 2**30),
}


def start_process(
    command: Sequence[str],
    *,
    folder: Path,
    output: Path,
    variables: Mapping[str, str],
    append: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program without a shell and without input.

    It leads a process group of its own, so that `end_process` reaches whatever it started.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Working folder.
    output
        File for its standard output and standard error.
    variables
        Environment variables besides those of this process.
    append
        Whether the output is added to what is in the file already.

    Raises
    ------
    OSError
        It cannot be started.
    """
    with output.open("ab" if append else "wb") as file:
        return subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # A new session has its own process group, so that Ctrl-C of the terminal does not
            # reach it either.
            start_new_session=os.name == "posix",
        )


def end_process(process: subprocess.Popen[bytes], *, grace_s: float = 0.0) -> None:
    """End a process and its process group; without effect if it has ended already.

    Parameters
    ----------
    process
        From `start_process`.
    grace_s
        Time in seconds to end by itself after SIGTERM, before SIGKILL; 0: SIGKILL at once.
    """
    if process.poll() is not None:
        return
    if grace_s > 0:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        if os.name == "posix":
            # The whole group: a training may have started processes that load its data.
            os.killpg(process.pid, number)
        else:
            process.kill()
    except ProcessLookupError:
        pass


def last_lines(text: str) -> str:
    """Last lines of the output of a process, indented, for an error message."""
    lines = text.splitlines()[-_TAIL_LINES:]
    return "\n".join(f"    {line}" for line in lines) or "    (empty)"


def log_tail(log: Path) -> str:
    """Last lines of a log file, indented, for an error message; never raises `OSError`."""
    try:
        return last_lines(log.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return f"    (the log cannot be read: {error})"


def thread_variables(threads: int) -> dict[str, str]:
    """Environment variables that set the number of threads of numerical libraries."""
    return dict.fromkeys(_THREADS, str(threads))


def child_environment(threads: int) -> dict[str, str]:
    """Environment variables for a new process that computes.

    They set its threads, and keep freed memory unless the user has set those variables.

    Parameters
    ----------
    threads
        Threads of the numerical libraries.
    """
    heap = {name: str(value) for name, (_, value) in _HEAP.items() if name not in os.environ}
    return {**thread_variables(threads), **heap}


def keep_freed_memory() -> None:
    """Keep freed memory in this process, which runs already; without effect without glibc."""
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for name, (option, value) in _HEAP.items():
        if name not in os.environ:
            set_option(option, value)
