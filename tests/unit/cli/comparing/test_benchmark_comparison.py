"""Ratios of times, and whether they exceed the noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.cli.comparing.benchmark_comparison import (
    Comparison,
    Ratio,
    compare,
    conditions_that_differ,
)
from ms25_suite.cli.comparing.benchmark_files import BenchmarkFile, Timing, read_benchmarks
from ms25_suite.core.errors import BenchmarkError
from tests.helpers.benchmark_runs import NAME, edited


def timing(median: float, iqr: float = 0.0, rounds: int = 9, **conditions: Any) -> Timing:
    return Timing("hea", "step", median, iqr, rounds, conditions)


def run(*timings: tuple[str, Timing], cores: str = "4") -> BenchmarkFile:
    return BenchmarkFile(Path("x"), {"cores": cores}, "", {("", name): t for name, t in timings})


def test_notches_that_overlap_are_noise() -> None:
    """The half-width of a notch is 1.57 IQR / sqrt(rounds): 0.157 for each of these."""
    base = timing(1.0, iqr=0.3)
    assert Ratio(base, timing(1.31, iqr=0.3)).outcome == "within noise"
    assert Ratio(base, timing(1.32, iqr=0.3)).outcome == "slower"
    assert Ratio(base, timing(0.68, iqr=0.3)).outcome == "faster"
    assert Ratio(base, timing(9.0, rounds=2)).outcome == "too few rounds"


def test_a_large_spread_is_noisy() -> None:
    assert Ratio(timing(1.0), timing(1.0, iqr=0.2)).noisy
    assert not Ratio(timing(1.0), timing(1.0, iqr=0.19)).noisy


def test_results_are_no_conditions() -> None:
    one = timing(1.0, device="cpu", n_atoms=8, katoms_per_s=1.0)
    other = timing(1.0, device="cpu", n_atoms=9, katoms_per_s=2.0, dtype="float32")
    assert conditions_that_differ(one, other) == {"n_atoms": (8, 9), "dtype": (None, "float32")}


def test_runs_are_compared_where_both_have_the_benchmark() -> None:
    first = run(("a", timing(1.0)), ("b", timing(1.0)))
    second = run(("b", timing(2.0)), ("c", timing(1.0)), cores="8")
    found: Comparison = compare(first, second)
    assert list(found.ratios) == [("", "b")]
    assert found.ratios["", "b"].value == 2.0
    assert (found.only_base, found.only_other) == ((("", "a"),), (("", "c"),))
    assert found.machine == {"cores": ("4", "8")}
    assert [ratio.value for ratio in found.slower_than(1.9)] == [2.0]
    assert found.slower_than(2.0) == []


def test_runs_without_a_common_benchmark_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="first contains a, the second b, c, d and 1 more"):
        compare(
            run(("a", timing(1.0))), run(*((name, timing(1.0)) for name in ("b", "c", "d", "e")))
        )


@pytest.mark.parametrize(
    ("factor", "outcome"),
    # The notches have a half-width of 1.57 x 0.002 / sqrt(5) s = 1.4 ms at a median of 12 ms.
    [(1.0, "within noise"), (1.15, "within noise"), (1.5, "slower"), (0.5, "faster")],
)
def test_a_difference_counts_beyond_the_noise(base: Path, factor: float, outcome: str) -> None:
    found = compare(read_benchmarks(base), read_benchmarks(edited(base, "b.json", factor)))
    ratio = found.ratios["hea", NAME]
    assert ratio.value == pytest.approx(factor)
    assert ratio.outcome == outcome
    assert not found.machine
