from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.intervals import TAILS, effective_number, mean_interval, skew_corrected


def coverage(samples: FloatArray, expected: float) -> float:
    ends = np.array([mean_interval(errors).interval for errors in samples])
    return float(np.mean((ends[:, 0] <= expected) & (expected <= ends[:, 1])))


@pytest.mark.parametrize("n", [6, 30, 100])
def test_the_interval_covers_the_mean_of_gaussian_errors(n: int) -> None:
    """Absolute Gaussian errors have the mean sqrt(2 / pi)."""
    errors = np.abs(np.random.default_rng(1).normal(size=(1500, n)))
    assert 0.95 <= coverage(errors, np.sqrt(2 / np.pi)) <= 0.985


def test_the_interval_covers_the_mean_of_heavy_tails() -> None:
    """A percentile bootstrap covers it in 86 % of the cases."""
    errors = np.random.default_rng(1).lognormal(0.0, 1.0, (1500, 30))
    assert coverage(errors, np.exp(0.5)) >= 0.93


def test_without_skewness_it_is_students_interval() -> None:
    residuals = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    below, above = skew_corrected(residuals, 5.0)
    error = residuals.std(ddof=1) / np.sqrt(5)
    assert below == pytest.approx(t.isf(TAILS[0], 4) * error)
    assert above == pytest.approx(t.isf(TAILS[1], 4) * error)


def test_a_long_tail_lengthens_its_side() -> None:
    below, above = skew_corrected(np.array([-1.0] * 9 + [9.0]), 10.0, (0.025, 0.025))
    assert above > 2 * below
    mirrored = skew_corrected(np.array([1.0] * 9 + [-9.0]), 10.0, (0.025, 0.025))
    assert mirrored == pytest.approx((above, below))


def test_the_same_errors_in_another_order_or_unit_have_the_same_interval() -> None:
    errors = np.random.default_rng(0).lognormal(size=50)
    found = mean_interval(errors)
    assert mean_interval(errors[::-1]).interval == pytest.approx(found.interval)
    thousand = mean_interval(1000 * errors)
    assert thousand.interval == pytest.approx(tuple(1000 * end for end in found.interval))


def test_frames_of_unequal_size_are_a_ratio_of_totals() -> None:
    found = mean_interval([2.0, 12.0, 3.0], [2, 4, 1])
    assert found.value == pytest.approx(17 / 7)
    assert found.independent == pytest.approx(49 / 21)


def test_one_long_trajectory_is_hardly_more_than_one_frame() -> None:
    groups = np.array([0] * 100 + [1, 2, 3])
    errors = np.array([1.0] * 100 + [1.5, 0.6, 1.2])
    found = mean_interval(errors, groups=groups)
    assert found.independent == pytest.approx(effective_number(np.array([100.0, 1, 1, 1])))
    assert found.independent < 1.1
    assert found.interval[1] > 1.1
    assert found.doubt == "one trajectory of 4 has 97 % of the error"


def test_numbers_of_both_signs_may_have_a_negative_interval() -> None:
    low, high = mean_interval(np.array([1.0, -1.0, 0.5, -0.4, 0.2, -0.2])).interval
    assert low < 0 < high


@pytest.mark.parametrize("n", [2, 3, 5, 200])
def test_equal_errors_leave_no_doubt(n: int) -> None:
    found = mean_interval(np.full(n, 0.1))
    assert found.interval == pytest.approx((0.1, 0.1))
    assert mean_interval(np.zeros(n)).interval == (0.0, 0.0)


@pytest.mark.parametrize("n", [2, 3, 4, 40, 5000])
def test_one_frame_with_all_of_the_error_is_finite_and_doubtful(n: int) -> None:
    errors = np.zeros(n)
    errors[0] = 1.0
    found = mean_interval(errors)
    low, high = found.interval
    assert 0 < low < found.value < high < np.inf
    assert found.doubt == f"one frame of {n} has 100 % of the error"


def test_one_item_has_no_interval() -> None:
    assert mean_interval([0.3]).interval is None
    alone = mean_interval([0.3, 0.1], groups=[4, 4])
    assert (alone.interval, alone.independent) == (None, 1.0)
