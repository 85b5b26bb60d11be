from __future__ import annotations

import math

import numpy as np
import pytest

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic
from ms25_suite.metrics.training_rate import fit_rate

SIZES = (50, 100, 200, 400, 600, 800, 1000)


def summary(frame_errors: FloatArray, counts: IntArray | None = None) -> ErrorSummary:
    counts = np.ones(len(frame_errors), dtype=np.int64) if counts is None else counts
    mae = float((frame_errors * counts).sum() / counts.sum())
    return ErrorSummary(
        quantity="forces",
        mae=Statistic(mae, None),
        rmse=Statistic(mae, None),
        n_frames=len(frame_errors),
        frames=np.arange(len(frame_errors)),
        reference=np.zeros(0),
        predicted=np.zeros(0),
        frame_errors=frame_errors,
        frame_squares=frame_errors**2,
        frame_counts=counts,
    )


def power_law(rate: float, shape: FloatArray | None = None, factor: float = 0.3) -> list:
    shape = np.ones(40) if shape is None else shape / shape.mean()
    return [summary(factor * n**-rate * shape) for n in SIZES]


@pytest.mark.parametrize("rate", [0.391, 1.495, 0.0, -0.2])
def test_errors_that_are_a_power_law_give_its_exponent(rate: float) -> None:
    fit = fit_rate(SIZES, power_law(rate))
    assert fit.rate.value == pytest.approx(rate, abs=1e-12)
    assert fit.intercept == pytest.approx(math.log(0.3))
    assert fit.rate.interval == pytest.approx((rate, rate), abs=1e-7)
    assert fit.r2 == pytest.approx(1.0)
    assert fit.sizes == SIZES


def test_frames_that_differ_alike_at_every_size_cost_no_certainty_of_the_slope() -> None:
    """Which frames are hard is the same luck for all sizes: it moves the line, not its slope."""
    shape = np.random.default_rng(0).lognormal(0, 1, 40)
    fit = fit_rate(SIZES, power_law(0.5, shape))
    assert fit.frames_half_width == pytest.approx(0, abs=1e-7)
    needed = fit.frames_needed(0.3 / 20)
    assert needed.value == pytest.approx(400)
    # The level is uncertain by the spread of the frames, and the crossing with it.
    assert needed.interval[0] < 250 < 600 < needed.interval[1]


def test_the_uncertainty_from_frames_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(1)
    table = np.array([n**-0.4 for n in SIZES])[:, None] * rng.lognormal(0, 0.6, (7, 200))
    counts = rng.integers(10, 30, 200)
    fit = fit_rate(SIZES, [summary(row, counts) for row in table])
    rates = []
    for _ in range(2000):
        chosen = rng.integers(0, 200, 200)
        maes = (table * counts)[:, chosen].sum(axis=1) / counts[chosen].sum()
        rates.append(-np.polyfit(np.log(SIZES), np.log(maes), 1)[0])
    assert fit.frames_half_width == pytest.approx(1.972 * np.std(rates), rel=0.08)
    below, above = fit.rate.value - fit.rate.interval[0], fit.rate.interval[1] - fit.rate.value
    half = math.hypot(fit.scatter_half_width, fit.frames_half_width)
    assert above == pytest.approx(half, rel=0.08)
    # The side on which a false pass would be.
    assert above < below < 1.4 * half


def test_the_uncertainty_from_scatter_is_that_of_the_least_squares_line() -> None:
    from scipy.stats import linregress, t

    maes = np.array([30.0, 21.0, 16.0, 10.0, 9.5, 7.0, 7.2])
    fit = fit_rate(SIZES, [summary(np.full(40, mae)) for mae in maes])
    line = linregress(np.log(SIZES), np.log(maes))
    assert fit.rate.value == pytest.approx(-line.slope)
    assert fit.intercept == pytest.approx(line.intercept)
    assert fit.r2 == pytest.approx(line.rvalue**2)
    assert fit.scatter_half_width == pytest.approx(t.ppf(0.975, 5) * line.stderr)
    assert fit.frames_half_width == pytest.approx(0, abs=1e-9)


def test_the_interval_of_the_frames_needed_is_where_the_band_holds_the_threshold() -> None:
    from scipy.stats import t

    maes = np.array([30.0, 21.0, 16.0, 10.0, 9.5, 7.0, 7.2])
    fit = fit_rate(SIZES, [summary(np.full(40, mae)) for mae in maes])
    needed = fit.frames_needed(8.0)
    x, y = np.log(SIZES), np.log(maes)
    slope, intercept = np.polyfit(x, y, 1)
    s2 = ((y - slope * x - intercept) ** 2).sum() / 5
    for n in needed.interval:
        at = np.log(n)
        band = s2 * (1 / 7 + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
        distance = intercept + slope * at - np.log(8.0)
        assert abs(distance) == pytest.approx(t.ppf(0.975, 5) * math.sqrt(band))
    assert needed.interval[0] < needed.value < needed.interval[1]
    assert intercept + slope * np.log(needed.value) == pytest.approx(np.log(8.0))


@pytest.mark.parametrize(
    "maes",
    [[10, 11, 12, 13, 14, 15, 16], [10, 5, 12, 6, 11, 5, 9], [7, 7, 7, 7, 7, 7, 7]],
    ids=["rising", "noise", "flat"],
)
def test_without_a_significant_rate_nobody_knows_how_many_frames_are_needed(maes: list) -> None:
    fit = fit_rate(SIZES, [summary(np.full(40, float(mae))) for mae in maes])
    assert fit.frames_needed(1.0) is None


def test_a_number_of_frames_beyond_all_bounds_is_none() -> None:
    fit = fit_rate(SIZES, power_law(0.01))
    assert fit.frames_needed(1e-6) is None


def test_one_frame_gives_the_scatter_only() -> None:
    fit = fit_rate((1, 2, 4), [summary(np.array([mae])) for mae in (4.0, 2.0, 1.5)])
    assert fit.frames_half_width == 0
    assert fit.scatter_half_width > 0


def test_an_error_of_zero_has_no_logarithm() -> None:
    assert fit_rate((1, 2, 4), [summary(np.full(3, mae)) for mae in (2.0, 1.0, 0.0)]) is None


@pytest.mark.parametrize("sizes", [(50, 100), (50, 100, 100), (100, 50, 200), (50, 100, 200, 400)])
def test_sizes_that_make_no_curve_are_refused(sizes: tuple[int, ...]) -> None:
    n = min(len(sizes), 3)
    with pytest.raises(ValueError, match="ascending sizes"):
        fit_rate(sizes, [summary(np.ones(3))] * n)


def test_errors_of_other_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="same test frames"):
        fit_rate((1, 2, 4), [summary(np.ones(n)) for n in (3, 3, 4)])
