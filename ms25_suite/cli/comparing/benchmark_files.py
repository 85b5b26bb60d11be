"""Files of pytest-benchmark: timings, and the machine on which they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import BenchmarkError

__all__ = ["BenchmarkFile", "Timing", "read_benchmarks"]

_MACHINE: Final[Mapping[str, tuple[str, ...]]] = {
    "processor": ("cpu", "brand_raw"),
    "cores": ("cpu", "count"),
    "architecture": ("machine",),
    "system": ("system",),
    "kernel": ("release",),
    "Python": ("python_version",),
}
"""Properties of the machine that may affect a speed, with their keys in ``machine_info``."""


_SHORTEST_S: Final = 1e-12
_LONGEST_S: Final = 1e9
"""Times in s between which a benchmark can take; ratios of others may overflow."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Repeated measurements of one benchmark.

    Parameters
    ----------
    group, name
        Group (the dataset, for benchmarks of the suite) and name with all parameters.
    median_s, iqr_s
        Median and interquartile range of a round in seconds.
    rounds
        Number of rounds.
    conditions
        Its ``extra_info``: potential, device, number of atoms, …
    """

    group: str
    name: str
    median_s: float
    iqr_s: float
    rounds: int
    conditions: Mapping[str, Any]

    @property
    def spread(self) -> float:
        """Interquartile range over median."""
        return self.iqr_s / self.median_s


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """One run of pytest-benchmark.

    Parameters
    ----------
    path
        The file.
    machine
        Properties of the machine that may affect a speed, by name; unknown ones are left out.
    commit
        Commit that was timed, with a remark if there were uncommitted changes; empty if unknown.
    timings
        By group and name, in the order of the file.
    """

    path: Path
    machine: Mapping[str, str]
    commit: str
    timings: Mapping[tuple[str, str], Timing]


def read_benchmarks(path: Path) -> BenchmarkFile:
    """Read a file that ``--benchmark-json`` or ``--benchmark-save`` has written.

    Raises
    ------
    BenchmarkError
        The file cannot be read, is not of pytest-benchmark, has no benchmark or one twice, or a
        time in it is not a positive number.
    """
    # Not finite: that is said of the benchmark that has such a time.
    content = read_json(path, "the file of --benchmark-json", BenchmarkError, finite=False)
    entries = content.get("benchmarks") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        msg = (
            f"{path}: expected a file of pytest-benchmark with a list `benchmarks`, found "
            f"{_kind(content)}. A run writes one with --benchmark-json=FILE"
        )
        raise BenchmarkError(msg)
    if not entries:
        msg = (
            f"{path} contains no benchmark: was the run made with --benchmark-disable or -n, or "
            "did all of its benchmarks fail?"
        )
        raise BenchmarkError(msg)
    timings: dict[tuple[str, str], Timing] = {}
    for index, entry in enumerate(entries):
        timing = _timing(entry, path, index)
        if (timing.group, timing.name) in timings:
            msg = (
                f"{path} contains the benchmark {timing.name!r} of the group {timing.group!r} twice"
            )
            raise BenchmarkError(msg)
        timings[timing.group, timing.name] = timing
    return BenchmarkFile(path, _machine(content), _commit(content), timings)


def _kind(content: Any) -> str:
    if isinstance(content, dict):
        return f"the keys {sorted(map(str, content))[:5]}"
    return f"a {type(content).__name__}"


@dataclass(frozen=True, slots=True)
class _Stats:
    """What is read of the statistics of a benchmark, as pytest-benchmark writes them."""

    median: float
    iqr: float
    rounds: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is read of a benchmark, as pytest-benchmark writes it."""

    name: str
    stats: _Stats
    group: str | None = None
    extra_info: dict[str, Any] | None = None


def _timing(entry: Any, path: Path, index: int) -> Timing:
    read = read_as(_Entry, entry, f"{path}: `benchmarks[{index}]`", BenchmarkError)
    name, median, iqr = read.name, read.stats.median, read.stats.iqr
    if not (_SHORTEST_S <= median <= _LONGEST_S and 0.0 <= iqr <= _LONGEST_S):
        msg = (
            f"{path}: the benchmark {name!r} has a median of {median!r} s and an interquartile "
            f"range of {iqr!r} s; expected a positive time. Time it again"
        )
        raise BenchmarkError(msg)
    return Timing(read.group or "", name, median, iqr, read.stats.rounds, read.extra_info or {})


def _machine(content: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, keys in _MACHINE.items():
        value: Any = content.get("machine_info")
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value not in (None, ""):
            found[name] = str(value)
    if content.get("version"):
        found["pytest-benchmark"] = str(content["version"])
    return found


def _commit(content: Mapping[str, Any]) -> str:
    info = content.get("commit_info")
    if not isinstance(info, dict):
        return ""
    commit = str(info.get("id") or "")
    # pytest-benchmark writes this word outside of a repository.
    if commit in ("", "unversioned"):
        return ""
    return commit[:12] + (" with uncommitted changes" if info.get("dirty") else "")
