"""Speeds of two runs of pytest-benchmark side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ms25_suite.benchmark_files import BenchmarkFile, Timing, conditions_that_differ
from ms25_suite.errors import BenchmarkError

__all__ = ["MIN_ROUNDS", "NOISY", "Comparison", "Ratio", "compare"]

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
