"""Runs another program to its end, within a time limit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ms25_suite.environments.processes import end_process, start_process

__all__ = ["Ended", "noted_peak_memory", "run_program"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Parameters
    ----------
    status
        Exit status, negative for a signal; None if the time limit was reached.
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

    It and whatever it started are killed if it exceeds the time limit, or if this process is
    interrupted or ends; in that case the folder is deleted too.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Working folder; the output is kept there in ``output.txt``.
    time_limit_s
        Time limit in seconds.
    variables
        Environment variables besides those of this process.

    Raises
    ------
    OSError
        It cannot be started.
    """
    path = folder / "output.txt"
    process = start_process(
        command, folder=folder, output=path, variables=variables, scratch=folder
    )
    status: int | None = None
    try:
        with suppress(subprocess.TimeoutExpired):
            status = process.wait(time_limit_s)
    finally:
        end_process(process)
    return Ended(status, path.read_text(encoding="utf-8", errors="replace"))


def noted_peak_memory(status: str) -> int | None:
    """Largest resident memory of a process in bytes; None if it is not stated.

    Parameters
    ----------
    status
        Text of its ``/proc/PID/status``, which Linux has.
    """
    # The high-water mark of the resident set; the kernel's kB are KiB.
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, flags=re.MULTILINE)
    return 1024 * int(found[1]) if found else None
