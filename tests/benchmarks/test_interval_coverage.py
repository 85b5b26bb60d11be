"""The promises of docs/statistics.md, with fewer draws than its tables.

Not part of the tests, since it takes minutes: `make benchmark`, or this module alone.
"""

from __future__ import annotations

import pytest

from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.metrics.intervals import MIN_SQUARED
from tests.benchmarks.interval_coverage import (
    LAWS,
    SAMPLINGS,
    SIZES,
    Law,
    Sampling,
    possible,
    simulate,
)

DRAWS = 1000
NOISE = 2.0
"""Percent; about three standard errors of a coverage of 95 % in so many draws."""


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda sampling: sampling.name)
def test_intervals_hold_or_are_not_vouched_for(sampling: Sampling, law: Law, n: int) -> None:
    if not possible(sampling, n):
        pytest.skip("one trajectory has no interval")
    row = simulate(law, sampling, n, DRAWS, seed=7)
    fewest = {"mae": MIN_FRAMES, "rmse": MIN_SQUARED, "ratio": MIN_FRAMES}
    for metric, least in (("mae", 93), ("rmse", 90), ("ratio", 93)):
        few = row.independent < fewest[metric]
        assert (row.doubted[metric] == 100) == few
        assert few or row.held[metric] >= least - NOISE, (metric, row)
    assert row.false_pass["mae"] <= 5 + NOISE
