"""Files of pytest-benchmark: timings, and the machine on which they were made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise BenchmarkError(msg) from error
    except ValueError as error:
        msg = f"{path} is not a JSON file ({error}): expected a file of --benchmark-json=FILE"
        raise BenchmarkError(msg) from error
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
    for entry in entries:
        timing = _timing(entry, path)
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


def _timing(entry: Any, path: Path) -> Timing:
    try:
        name, stats = str(entry["name"]), entry["stats"]
        median, iqr, rounds = float(stats["median"]), float(stats["iqr"]), int(stats["rounds"])
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path}: a benchmark lacks its name, median, iqr or number of rounds ({error!r})"
        raise BenchmarkError(msg) from error
    if not (math.isfinite(median) and median > 0.0 and math.isfinite(iqr) and iqr >= 0.0):
        msg = (
            f"{path}: the benchmark {name!r} has a median of {median!r} s and an interquartile "
            f"range of {iqr!r} s; expected a positive time. Time it again"
        )
        raise BenchmarkError(msg)
    group = entry.get("group")
    conditions = dict(entry.get("extra_info") or {})
    return Timing("" if group is None else str(group), name, median, iqr, rounds, conditions)


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
