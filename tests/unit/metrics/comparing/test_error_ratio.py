from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.metrics.comparing.error_ratio import error_ratio
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import mean_interval


def summary(
    frame_errors: FloatArray, scale: float = 1.0, groups: IntArray | None = None
) -> ErrorSummary:
    frame_errors = scale * np.abs(frame_errors)
    mae = mean_interval(frame_errors, groups=groups)
    return ErrorSummary(
        quantity="energy",
        mae=mae,
        rmse=mae,
        n_frames=len(frame_errors),
        frames=np.arange(len(frame_errors)),
        reference=np.zeros(0),
        predicted=np.zeros(0),
        frame_errors=frame_errors,
        frame_squares=frame_errors**2,
        frame_counts=np.ones(len(frame_errors), dtype=np.int64),
        groups=groups,
    )


@pytest.mark.parametrize("n", [400, 20])
def test_the_interval_holds_the_true_ratio_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        own, other = summary(rng.normal(size=n)), summary(rng.normal(size=n), 3.0)
        found = error_ratio(own, other)
        assert found.value == pytest.approx(other.mae.value / own.mae.value)
        held += found.interval[0] < 3.0 < found.interval[1]
    assert 186 <= held < 200


def test_the_weaker_side_says_how_well_the_ratio_is_known() -> None:
    rng = np.random.default_rng(0)
    own = summary(rng.normal(size=60))
    other = summary(rng.normal(size=60), groups=np.arange(60) // 20)
    assert error_ratio(own, other).independent == pytest.approx(3.0)
    assert error_ratio(other, own).independent == pytest.approx(3.0)


def test_a_doubt_about_either_side_is_one_about_the_ratio() -> None:
    one = np.full(40, 1e-3)
    one[7] = 9.0
    assert "has 100 % of the error" in error_ratio(summary(one), summary(np.ones(40))).doubt
    assert error_ratio(summary(np.ones(9)), summary(np.ones(40))).doubt == ""


def test_constant_errors_have_a_certain_ratio() -> None:
    found = error_ratio(summary(np.full(5, 0.2)), summary(np.full(9, 0.5)))
    assert found.value == pytest.approx(2.5)
    assert found.interval == pytest.approx((2.5, 2.5))


def test_one_frame_has_no_interval() -> None:
    assert error_ratio(summary(np.ones(1)), summary(np.ones(40))).interval is None


@pytest.mark.parametrize("own", [0.0, 3e-10])
def test_rounding_has_no_ratio(own: float) -> None:
    assert error_ratio(summary(np.full(40, own)), summary(np.ones(40))) is None


def test_errors_of_one_frame_in_many_still_have_a_finite_interval() -> None:
    errors = np.zeros(40)
    errors[3] = 1.0
    low, high = error_ratio(summary(errors), summary(np.ones(40))).interval
    assert 0 < low < 40 < high < np.inf
