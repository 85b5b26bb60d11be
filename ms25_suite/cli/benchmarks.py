"""Files of pytest-benchmark: what was timed, how often, and on which machine."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ms25_suite.core.errors import BenchmarkError

__all__ = [
    "MIN_ROUNDS",
    "NOISY",
    "BenchmarkFile",
    "Comparison",
    "Ratio",
    "Timing",
    "compare",
    "conditions_that_differ",
    "read_benchmarks",
]

_MACHINE: Final[Mapping[str, tuple[str, ...]]] = {
    "processor": ("cpu", "brand_raw"),
    "cores": ("cpu", "count"),
    "architecture": ("machine",),
    "system": ("system",),
    "kernel": ("release",),
    "Python": ("python_version",),
}
"""Where pytest-benchmark keeps what may change a speed (its hook ``machine_info``)."""

_MEASURED: Final = frozenset({"katoms_per_s"})
"""Extra information that is a result, not a condition."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Repeated measurements of one benchmark.

    Parameters
    ----------
    group, name
        Its group (the dataset, for the suite's own) and its name with all parameters.
    median_s, iqr_s
        Median and interquartile range of a round in seconds.
    rounds
        Number of rounds.
    conditions
        What the benchmark said of itself: potential, device, number of atoms, …
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
        What may change a speed, by name; what the file does not say is left out.
    commit
        Commit that was timed, with a remark if files had been changed; empty if unknown.
    timings
        By group and name, in the order of the file.
    """

    path: Path
    machine: Mapping[str, str]
    commit: str
    timings: Mapping[tuple[str, str], Timing]


def read_benchmarks(path: Path) -> BenchmarkFile:
    """Read what ``--benchmark-json`` or ``--benchmark-save`` has written.

    Raises
    ------
    BenchmarkError
        The file cannot be read, is not of pytest-benchmark, holds nothing, or a time in it makes no
        sense.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise BenchmarkError(msg) from error
    except ValueError as error:
        msg = f"{path} is no JSON ({error}): expected a file of --benchmark-json=FILE"
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
            f"{path} holds no benchmark: was the run made with --benchmark-disable or -n, or did "
            "all of its benchmarks fail?"
        )
        raise BenchmarkError(msg)
    timings: dict[tuple[str, str], Timing] = {}
    for entry in entries:
        timing = _timing(entry, path)
        if (timing.group, timing.name) in timings:
            msg = f"{path} holds the benchmark {timing.name!r} of {timing.group!r} twice"
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


def conditions_that_differ(a: Timing, b: Timing) -> dict[str, tuple[Any, Any]]:
    """What two timings say of themselves that is not the same; results are left out."""
    names = dict.fromkeys([*a.conditions, *b.conditions])
    pairs = {name: (a.conditions.get(name), b.conditions.get(name)) for name in names}
    return {
        name: pair for name, pair in pairs.items() if name not in _MEASURED and pair[0] != pair[1]
    }


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
    if commit in ("", "unversioned"):
        return ""
    return commit[:12] + (" with uncommitted changes" if info.get("dirty") else "")


Outcome = Literal["slower", "faster", "within noise", "too few rounds"]

MIN_ROUNDS: Final = 3
"""Below so many rounds the spread says nothing."""

NOISY: Final = 0.2
"""From this interquartile range over median on a timing is called noisy."""

_NOTCH: Final = 1.57
"""Half-width of the notch of a box plot over IQR / sqrt(n): medians whose notches do not overlap
differ, at about 95 % (McGill, Tukey and Larsen, Am. Stat. 32 (1978) 12)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One benchmark in two runs.

    Parameters
    ----------
    base, other
        The timings.
    """

    base: Timing
    other: Timing

    @property
    def value(self) -> float:
        """Median of the other run over that of the base: above 1 is slower."""
        return self.other.median_s / self.base.median_s

    @property
    def outcome(self) -> Outcome:
        """What can be said of the difference, given the spread of the rounds."""
        timings = (self.base, self.other)
        if min(timing.rounds for timing in timings) < MIN_ROUNDS:
            return "too few rounds"
        noise = sum(_NOTCH * timing.iqr_s / math.sqrt(timing.rounds) for timing in timings)
        difference = self.other.median_s - self.base.median_s
        if abs(difference) <= noise:
            return "within noise"
        return "slower" if difference > 0 else "faster"

    @property
    def noisy(self) -> bool:
        """Whether one of the two spreads too much."""
        return max(self.base.spread, self.other.spread) >= NOISY

    @property
    def conditions(self) -> dict[str, tuple[Any, Any]]:
        """What differs between the two besides the time, such as the number of atoms."""
        return conditions_that_differ(self.base, self.other)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of pytest-benchmark.

    Parameters
    ----------
    base, other
        The runs.
    ratios
        Benchmarks that both have, by group and name.
    machine
        What differs between the machines: values of base and other, by name.
    only_base, only_other
        Group and name of benchmarks that only one of them has.
    """

    base: BenchmarkFile
    other: BenchmarkFile
    ratios: Mapping[tuple[str, str], Ratio]
    machine: Mapping[str, tuple[str, str]]
    only_base: tuple[tuple[str, str], ...]
    only_other: tuple[tuple[str, str], ...]

    def slower_than(self, limit: float) -> list[Ratio]:
        """Benchmarks that are slower beyond noise, by more than a factor."""
        return [
            ratio
            for ratio in self.ratios.values()
            if ratio.outcome == "slower" and ratio.value > limit
        ]


def compare(base: BenchmarkFile, other: BenchmarkFile) -> Comparison:
    """Set two runs side by side.

    Raises
    ------
    BenchmarkError
        They have no benchmark in common.
    """
    both = [key for key in base.timings if key in other.timings]
    if not both:
        msg = (
            f"{base.path} and {other.path} have no benchmark in common: the first holds "
            f"{_some(base)}, the second {_some(other)}. Ask the same potentials, datasets and "
            "criteria in both runs"
        )
        raise BenchmarkError(msg)
    names = dict.fromkeys([*base.machine, *other.machine])
    unknown = "not stated"
    values = {
        name: (base.machine.get(name, unknown), other.machine.get(name, unknown)) for name in names
    }
    return Comparison(
        base,
        other,
        {key: Ratio(base.timings[key], other.timings[key]) for key in both},
        {name: pair for name, pair in values.items() if pair[0] != pair[1]},
        tuple(key for key in base.timings if key not in other.timings),
        tuple(key for key in other.timings if key not in base.timings),
    )


def _some(file: BenchmarkFile) -> str:
    names = [" ".join(filter(None, key)) for key in file.timings]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
