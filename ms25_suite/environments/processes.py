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
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ms25_suite.environments.guard import END

__all__ = [
    "SAFE_PATH",
    "child_environment",
    "end_process",
    "guarded",
    "keep_freed_memory",
    "last_lines",
    "log_tail",
    "run_captured",
    "safe_path",
    "start_process",
    "thread_variables",
]

_TAIL_LINES: Final = 25

SAFE_PATH: Final = "PYTHONSAFEPATH"
"""Environment variable that does for a Python process what ``-P`` does."""

_GUARD: Final = str(Path(__file__).with_name("guard.py"))
_END_S: Final = 15.0
"""Longest wait in seconds for a guard that was told to end all."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

# Name of the variable: number of the setting in malloc.h, value in bytes.
_HEAP = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
    "MALLOC_MMAP_THRESHOLD_": (-3, 2**30),
}


def guarded(command: Sequence[str], *, report: int = -1, scratch: str = "") -> list[str]:
    """Command line that runs a program below a guard (`ms25_suite.environments.guard`).

    The program, and all that it starts, then end with this process, however this one ends.

    Parameters
    ----------
    command
        The program and its arguments.
    report
        Descriptor, inherited by the guard, that gets the number of the error if the program cannot
        be started; -1 for none.
    scratch
        Folder that the guard deletes if this process ends before the program; empty for none.
    """
    if os.name != "posix":
        return list(command)
    # -I, -S: the guard depends on nothing of the working folder, and starts in 10 ms.
    return [sys.executable, "-I", "-S", _GUARD, str(os.getpid()), str(report), scratch, *command]


def start_process(
    command: Sequence[str],
    *,
    folder: Path,
    output: Path,
    variables: Mapping[str, str],
    append: bool = False,
    scratch: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program without a shell and without input.

    It runs below a guard: `end_process` reaches whatever it started, and all of it ends when this
    process does. Ctrl-C of the terminal does not reach it.

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
    scratch
        Folder that is deleted if this process is killed before the program has ended.

    Returns
    -------
    :
        The guard, which ends as the program does: with its exit status, or by its signal.

    Raises
    ------
    OSError
        It cannot be started.
    """
    with output.open("ab" if append else "wb") as file:
        return _start(
            command,
            "" if scratch is None else str(scratch),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def _start(command: Sequence[str], scratch: str = "", **options: Any) -> subprocess.Popen[bytes]:
    if os.name != "posix":
        return subprocess.Popen(list(command), **options)
    told, telling = os.pipe()
    with os.fdopen(told, "rb") as report:
        try:
            process = subprocess.Popen(
                guarded(command, report=telling, scratch=scratch),
                pass_fds=[telling],
                start_new_session=True,
                **options,
            )
        finally:
            os.close(telling)
        try:
            # Empty as soon as the program runs.
            problem = report.read()
        except BaseException:
            end_process(process)
            raise
    if problem:
        process.wait()
        raise OSError(int(problem), os.strerror(int(problem)), command[0])
    return process


def end_process(process: subprocess.Popen[Any], *, grace_s: float = 0.0) -> None:
    """End a process and all that it started; without effect if it has ended already.

    Parameters
    ----------
    process
        From `start_process`.
    grace_s
        Time in seconds to end by itself after SIGTERM, before SIGKILL; 0: SIGKILL at once.
    """
    if grace_s > 0:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace_s)
    # Without effect on a process that has ended.
    process.send_signal(END)
    try:
        process.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_captured(
    command: Sequence[str], *, time_limit_s: float
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end without input, and return what it wrote.

    Raises
    ------
    OSError
        It cannot be started.
    subprocess.TimeoutExpired
        It exceeded the time limit; it and all that it started were ended.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # Files and not pipes: whatever it leaves behind may keep a pipe open for ever.
        process = _start(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            status = process.wait(time_limit_s)
        finally:
            end_process(process)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", errors="replace"))
    return subprocess.CompletedProcess(list(command), status, *texts)


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


@contextmanager
def safe_path() -> Iterator[None]:
    """Let Python processes that are started meanwhile not import from the working folder.

    For processes whose command line is made elsewhere; for others there is ``-P``.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


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
