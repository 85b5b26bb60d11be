"""Comparison of two runs of pytest-benchmark: ratios of times, and their noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ms25_suite.cli.comparing.benchmark_files import BenchmarkFile, Timing
from ms25_suite.core.errors import BenchmarkError

__all__ = [
    "MIN_ROUNDS",
    "NOISY",
    "Comparison",
    "Outcome",
    "Ratio",
    "compare",
    "conditions_that_differ",
]

_MEASURED: Final = frozenset({"katoms_per_s"})
"""Entries of ``extra_info`` that are results, not conditions."""

Outcome = Literal["slower", "faster", "within noise", "too few rounds"]

MIN_ROUNDS: Final = 3
"""Fewest rounds for which a spread is meaningful."""

NOISY: Final = 0.2
"""Interquartile range over median from which on a timing is called noisy."""

_NOTCH: Final = 1.57
"""Half-width of the notch of a box plot in units of IQR / sqrt(n). Medians whose notches do not
overlap differ at a confidence level of about 95 % (R. McGill, J. W. Tukey and W. A. Larsen, Am.
Stat. 32, 12 (1978), doi:10.2307/2683468)."""


def conditions_that_differ(a: Timing, b: Timing) -> dict[str, tuple[Any, Any]]:
    """Conditions in which two timings differ, with both values; results are left out."""
    names = dict.fromkeys([*a.conditions, *b.conditions])
    pairs = {name: (a.conditions.get(name), b.conditions.get(name)) for name in names}
    return {
        name: pair for name, pair in pairs.items() if name not in _MEASURED and pair[0] != pair[1]
    }


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
        """Whether the medians differ by more than the spread of the rounds explains."""
        timings = (self.base, self.other)
        # Two rounds have no interquartile range that means anything.
        if min(timing.rounds for timing in timings) < MIN_ROUNDS:
            return "too few rounds"
        # Notches overlap if the medians are closer than the sum of their half widths.
        noise = sum(_NOTCH * timing.iqr_s / math.sqrt(timing.rounds) for timing in timings)
        difference = self.other.median_s - self.base.median_s
        if abs(difference) <= noise:
            return "within noise"
        return "slower" if difference > 0 else "faster"

    @property
    def noisy(self) -> bool:
        """Whether the spread of one of the two is 20 % of its median or more."""
        return max(self.base.spread, self.other.spread) >= NOISY

    @property
    def conditions(self) -> dict[str, tuple[Any, Any]]:
        """Conditions that differ between the two, such as the number of atoms."""
        return conditions_that_differ(self.base, self.other)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of pytest-benchmark.

    Parameters
    ----------
    base, other
        The runs.
    ratios
        Benchmarks of both runs, by group and name.
    machine
        Properties of the machines that differ: values of base and other, by name.
    only_base, only_other
        Group and name of benchmarks that only one of the runs has.
    """

    base: BenchmarkFile
    other: BenchmarkFile
    ratios: Mapping[tuple[str, str], Ratio]
    machine: Mapping[str, tuple[str, str]]
    only_base: tuple[tuple[str, str], ...]
    only_other: tuple[tuple[str, str], ...]

    def slower_than(self, limit: float) -> list[Ratio]:
        """Benchmarks that are slower by more than a factor, and beyond noise."""
        return [
            ratio
            for ratio in self.ratios.values()
            if ratio.outcome == "slower" and ratio.value > limit
        ]


def compare(base: BenchmarkFile, other: BenchmarkFile) -> Comparison:
    """Compare two runs.

    Raises
    ------
    BenchmarkError
        They have no benchmark in common.
    """
    both = [key for key in base.timings if key in other.timings]
    if not both:
        msg = (
            f"{base.path} and {other.path} have no benchmark in common: the first contains "
            f"{_some(base)}, the second {_some(other)}. Use the same potentials, datasets and "
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
