from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ms25_suite.baseline.document import Entry
from ms25_suite.baseline.since import change_of
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.frames import FloatArray, IntArray
from tests.helpers.baselines import baseline_of, result_of, sample_of
from tests.helpers.reports import make_result


def number(value: float, interval: tuple[float, float] | None = None, **changes: object) -> Entry:
    (entry,) = baseline_of(make_result(value=value, interval=interval, **changes)).numbers
    return entry


def compared(
    before: FloatArray,
    after: FloatArray,
    allowance: float,
    groups: IntArray | None = None,
    *,
    squared: bool = False,
) -> Change:
    samples = [replace(sample_of(one, groups), squared=squared) for one in (before, after)]
    entries = [baseline_of(result_of(one)).numbers[0] for one in samples]
    return change_of(entries[0], entries[1], allowance, (samples[0], samples[1]))


def test_the_same_model_has_no_difference() -> None:
    errors = np.abs(np.random.default_rng(0).normal(size=50))
    found = compared(errors, errors, 0.0)
    assert (found.verdict, found.difference, found.interval) == ("same", 0.0, (0.0, 0.0))
    assert found.paired


def test_pairs_show_what_the_intervals_of_both_numbers_hide() -> None:
    """Frames differ by far more than the two models do."""
    rng = np.random.default_rng(0)
    before = np.abs(rng.lognormal(sigma=1.0, size=100))
    after = before * 1.1
    found = compared(before, after, 0.02 * before.mean())
    assert found.verdict is ChangeVerdict.WORSE
    first, second = (baseline_of(result_of(sample_of(e))).numbers[0] for e in (before, after))
    alone = change_of(first, second, 0.02 * before.mean())
    assert alone.verdict is ChangeVerdict.UNDECIDED
    assert not alone.paired
    assert compared(after, before, 0.02 * before.mean()).verdict is ChangeVerdict.BETTER


def test_root_mean_squares_are_compared_in_pairs() -> None:
    before = np.abs(np.random.default_rng(0).lognormal(sigma=0.5, size=100))
    after = 1.1 * before
    found = compared(before, after, 0.0, squared=True)
    root = np.sqrt(np.mean(before**2))
    assert found.paired
    assert found.difference == pytest.approx(0.1 * root)
    # All frames are 10 % worse: the interval is that of the root itself, by the delta method.
    assert found.interval is not None
    assert 0 < found.interval[0] < 0.1 * root < found.interval[1] < 0.15 * root
    assert found.verdict is ChangeVerdict.WORSE
    assert compared(before, before, 0.0, squared=True).interval == (0.0, 0.0)
    assert compared(np.zeros(9), np.zeros(9), 0.0, squared=True).difference == 0.0


def test_a_mean_is_not_paired_with_a_root() -> None:
    errors = np.arange(1.0, 60.0)
    plain, squared = sample_of(errors), replace(sample_of(errors), squared=True)
    assert not change_of(number(1.0), number(1.0), 0.1, (plain, squared)).paired


@pytest.mark.parametrize(
    ("value", "verdict"), [(1.1, "same"), (1.3, "worse"), (0.7, "better"), (0.95, "same")]
)
def test_numbers_without_an_interval_are_compared_as_they_are(value: float, verdict: str) -> None:
    assert change_of(number(1.0), number(value), 0.2).verdict == verdict
    # More is better: the other way round.
    turned = {"worse": "better", "better": "worse"}.get(verdict, verdict)
    fast = number(1.0, at_least=True)
    assert change_of(fast, number(value, at_least=True), 0.2).verdict == turned


def test_intervals_of_two_numbers_are_added_in_quadrature() -> None:
    found = change_of(number(10.0, (9.0, 14.0)), number(20.0, (17.0, 22.0)), 0.0)
    assert found.difference == 10.0
    assert found.interval == pytest.approx((10 - np.hypot(3, 4), 10 + np.hypot(2, 1)))


def test_few_or_other_frames_are_not_paired() -> None:
    five = np.arange(1.0, 6.0)
    assert not compared(five, five, 0.1).paired
    many = np.arange(1.0, 60.0)
    assert compared(many, many, 0.1).paired
    # Many frames of few trajectories.
    assert not compared(many, many, 0.1, np.arange(59) // 20).paired
    one, other = sample_of(many, key="a"), sample_of(many, key="b")
    assert not change_of(number(1.0), number(1.0), 0.1, (one, other)).paired


@pytest.mark.parametrize("sigma", [0.3, 1.0], ids=["light tails", "heavy tails"])
@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("squared", [False, True], ids=["mean", "root mean square"])
def test_false_alarms_are_rare(sigma: float, correlated: bool, squared: bool) -> None:
    """Two models whose true errors are the same: at most 5 % of the comparisons say worse."""
    rng = np.random.default_rng(1)
    n, size = 60, 3 if correlated else 1
    groups = np.arange(n) // size if correlated else None
    alarms = 0
    for _ in range(400):
        common = np.repeat(rng.lognormal(sigma=sigma, size=n // size), size)
        # What differs is the same within a trajectory.
        own = [np.repeat(rng.lognormal(sigma=sigma, size=n // size), size) for _ in range(2)]
        before, after = (common * one for one in own)
        # The allowance of the suite.
        accepted = float(np.sqrt(np.mean(before**2)) if squared else before.mean())
        found = compared(before, after, 0.02 * accepted, groups, squared=squared)
        alarms += found.verdict is ChangeVerdict.WORSE
    assert alarms <= 0.05 * 400


def test_equal_numbers_are_the_same_however_well_they_are_known() -> None:
    wide = (5.0, 20.0)
    assert change_of(number(10.0, wide), number(10.000001, wide), 0.1).verdict == "same"
    assert change_of(number(10.0, wide), number(10.01, wide), 0.1).verdict == "undecided"
