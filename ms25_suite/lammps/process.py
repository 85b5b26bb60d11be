"""Another program: run to its end, or ended with all that it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "noted_peak_memory", "run_program"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Parameters
    ----------
    status
        Exit status, negative for a signal; None if it took too long.
    output
        What it wrote to standard output and standard error.
    """

    status: int | None
    output: str


def run_program(
    command: Sequence[str],
    folder: Path,
    *,
    time_limit_s: float,
    variables: Mapping[str, str],
) -> Ended:
    """Run a program in a folder, without a shell and without input.

    It leads a session of its own, so that whatever it started ends with it if it takes too long
    or this process is interrupted.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Working folder; its output is kept there in ``output.txt``.
    time_limit_s
        Time in seconds.
    variables
        Environment variables besides those of this process.

    Raises
    ------
    OSError
        It cannot be started.
    """
    path = folder / "output.txt"
    with path.open("wb") as file:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status: int | None = None
        try:
            status = process.wait(time_limit_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return Ended(status, path.read_text(encoding="utf-8", errors="replace"))


def noted_peak_memory(status: str) -> int | None:
    """Largest resident memory of a process in bytes; None if it is not noted.

    Parameters
    ----------
    status
        Text of its ``/proc/PID/status``, which Linux has.
    """
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, flags=re.MULTILINE)
    return 1024 * int(found[1]) if found else None
