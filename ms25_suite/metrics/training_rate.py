"""Data training rate: how fast errors decrease with the number of training frames.

Maxson et al., JCIM 2025 (MS25), "Data Training Rates": on logarithmic scales the error decreases
approximately linearly with the number ``n`` of training frames,

``ln MAE = intercept - rate * ln n``.

The rate, minus the slope of the least-squares line, is dimensionless.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.errors import CONFIDENCE, ErrorSummary
from ms25_suite.metrics.intervals import (
    TAILS,
    Statistic,
    deviations,
    effective_number,
    skew_corrected,
    totals_by_group,
)

__all__ = ["MIN_SIZES", "LogLine", "RateFit", "fit_line", "fit_rate"]

MIN_SIZES: Final = 3
"""Fewest sizes: two points always lie on a line, so they give no scatter around it."""


@dataclass(frozen=True, slots=True, eq=False)
class LogLine:
    """Least-squares line through the logarithms of errors, and its scatter.

    Parameters
    ----------
    center
        Mean of ``ln n``.
    level, rate
        ``ln`` of the error at the center, and minus the slope.
    weights
        Derivatives of level and rate with respect to the logarithms of the errors, shape
        ``(2, n_sizes)``.
    r2
        Coefficient of determination.
    variances
        Variances of level and rate from the scatter around the line, shape ``(2,)``; at the center
        the two are uncorrelated.
    """

    center: float
    level: float
    rate: float
    weights: FloatArray = field(repr=False)
    r2: float
    variances: FloatArray = field(repr=False)

    @property
    def intercept(self) -> float:
        """``ln`` of the error for one training frame."""
        return self.level + self.rate * self.center

    @property
    def half_width(self) -> float:
        """Half width of the 95 % interval of the rate from the scatter alone.

        Student's t with two degrees of freedom fewer than sizes: level and rate take two.
        """
        return _t(self.weights.shape[1] - 2) * math.sqrt(float(self.variances[1]))


@dataclass(frozen=True, slots=True, eq=False)
class RateFit:
    """Line through the errors on logarithmic scales.

    Parameters
    ----------
    sizes
        Numbers of training frames, ascending.
    rate
        Minus the slope, with its 95 % interval.
    intercept
        ``ln`` of the error for one training frame, with the error in its own unit.
    r2
        Coefficient of determination: fraction of the variance of ``ln MAE`` that the line explains.
    scatter_half_width
        Half width of the interval of the rate due to the scatter around the line alone.
    frames_half_width
        Half width due to the finite number of test frames alone, without their skewness.
    """

    sizes: tuple[int, ...]
    rate: Statistic
    intercept: float
    r2: float
    scatter_half_width: float
    frames_half_width: float
    _center: float = field(repr=False)
    _level: float = field(repr=False)
    _spread: FloatArray = field(repr=False)

    def frames_needed(self, threshold: float) -> Statistic | None:
        """Number of training frames at which the line reaches a threshold.

        The interval is Fieller's: all numbers for which the threshold lies within the confidence
        band of the line. It is finite only if the rate is significantly positive.

        Parameters
        ----------
        threshold
            Threshold in the unit of the fitted errors.

        Returns
        -------
        :
            The number and its 95 % interval; None if the rate is not significantly positive, or if
            the upper end exceeds the range of a float.

        References
        ----------
        E. C. Fieller, J. R. Stat. Soc. B 16, 175 (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.
        """
        slope, above = self.rate.value, self._level - math.log(threshold)
        # With u = ln n - mean(ln n): all u with (level - rate u - ln threshold)^2 within the
        # variance of the line at u, a quadratic inequality a u^2 - 2 b u + c <= 0.
        (level_level, level_rate), (_, rate_rate) = self._spread
        a = slope**2 - rate_rate
        if slope <= 0 or a <= 0:
            return None
        b = above * slope - level_rate
        c = above**2 - level_level
        # Rounding can make the discriminant negative if all points lie on the line.
        root = math.sqrt(max(b**2 - a * c, 0.0))
        exponents = [self._center + u for u in ((b - root) / a, above / slope, (b + root) / a)]
        if exponents[2] > math.log(np.finfo(float).max):
            return None
        low, value, high = (math.exp(exponent) for exponent in exponents)
        return Statistic(value, (low, high))


def fit_rate(sizes: Sequence[int], errors: Sequence[ErrorSummary]) -> RateFit | None:
    """Fit a line to the logarithms of the errors.

    The uncertainty has two independent sources. One is the scatter of the trainings around the line
    (Student's t of the residuals, with two fewer degrees of freedom than sizes). The other is the
    finite number of test frames: it affects all sizes alike and is therefore not part of that
    scatter. Its part is that of the linearised rate, over frames or trajectories, with the
    correction for skewness of `ms25_suite.metrics.intervals`. On each side, both are added in
    quadrature. It is the lower end that leaves out less, since a rate passes if it is large enough.

    Parameters
    ----------
    sizes
        Numbers of training frames, ascending, at least `MIN_SIZES`.
    errors
        Errors of the potential of each size, all on the same test frames.

    Returns
    -------
    :
        The line; None if an error is exactly zero, which has no logarithm.

    Raises
    ------
    ValueError
        The sizes are not ascending or fewer than three, or the errors are of different frames.
    """
    if len(sizes) != len(errors) or len(sizes) < MIN_SIZES or list(sizes) != sorted(set(sizes)):
        msg = f"expected errors for at least {MIN_SIZES} ascending sizes, found {list(sizes)}"
        raise ValueError(msg)
    if any(not np.array_equal(errors[0].frames, other.frames) for other in errors):
        msg = "expected the errors of all sizes on the same test frames, found different frames"
        raise ValueError(msg)
    line = fit_line(sizes, [summary.mae.value for summary in errors])
    if line is None:
        return None
    rate, linear = line.rate, line.weights
    scatter = np.diag(line.variances) * _t(len(sizes) - 2) ** 2
    # Propagation of errors: level and rate are linear in ln MAE, whose deviations are known.
    relative, independent = _relative_deviations(errors)
    frames = np.zeros((2, 2))
    ends = (0.0, 0.0)
    if relative.shape[1] > 1:
        frames = np.cov(linear @ relative) / relative.shape[1] * _t(max(independent - 1, 1.0)) ** 2
        below, above = skew_corrected(linear[1] @ relative, independent, TAILS[::-1])
        ends = (float(below), float(above))
    # Independent sources: covariances add up, which adds half widths in quadrature.
    spread = scatter + frames
    around = math.sqrt(scatter[1, 1])
    doubts = dict.fromkeys(summary.mae.doubt for summary in errors if summary.mae.doubt)
    return RateFit(
        sizes=tuple(int(size) for size in sizes),
        rate=Statistic(
            rate,
            (rate - math.hypot(around, ends[0]), rate + math.hypot(around, ends[1])),
            independent,
            "; ".join(doubts),
        ),
        intercept=line.intercept,
        r2=line.r2,
        scatter_half_width=around,
        frames_half_width=math.sqrt(max(float(frames[1, 1]), 0.0)),
        _center=line.center,
        _level=line.level,
        _spread=spread,
    )


def fit_line(sizes: Sequence[int], maes: Sequence[float]) -> LogLine | None:
    """Line through the logarithms of errors over those of the training sizes.

    Parameters
    ----------
    sizes
        Numbers of training frames, at least `MIN_SIZES` different ones.
    maes
        Errors at these sizes, in any unit: a unit changes the level and not the rate.

    Returns
    -------
    :
        None if an error is not positive, and has no logarithm.

    Examples
    --------
    >>> line = fit_line([10, 100, 1000], [8.0, 4.0, 2.0])
    >>> round(line.rate, 3), round(line.r2, 3)
    (0.301, 1.0)
    """
    errors = np.asarray(maes, dtype=np.float64)
    if not (errors > 0).all():
        return None
    x, y = np.log(np.asarray(sizes, dtype=np.float64)), np.log(errors)
    u = x - x.mean()
    sxx = float(u @ u)
    # The level at the centre of the sizes and the rate are linear functions of the logarithms of
    # the errors; at the centre their errors from the scatter are uncorrelated.
    linear = np.stack([np.full(len(x), 1 / len(x)), -u / sxx])
    level, rate = (float(value) for value in linear @ y)
    residuals = y - (level - rate * u)
    sse, sst = float(residuals @ residuals), float(((y - y.mean()) ** 2).sum())
    # Two degrees of freedom are spent on level and rate; the variances of both are those of a
    # least-squares line about its centre, s^2 / n and s^2 / sxx.
    variances = sse / (len(x) - 2) * np.array([1 / len(x), 1 / sxx])
    r2 = 1.0 if sst == 0 else 1 - sse / sst
    return LogLine(float(x.mean()), level, rate, linear, r2, variances)


def _relative_deviations(errors: Sequence[ErrorSummary]) -> tuple[FloatArray, float]:
    """Deviations of the ``ln MAE`` of all sizes due to each independent item of the test frames.

    The linearised ratio of totals (Cochran, Sampling Techniques, 3rd ed., section 6.3), as in
    `ms25_suite.metrics.intervals`: shape ``(n_sizes, n_items)``, and the effective number of items.
    """
    totals = np.stack([summary.frame_errors * summary.frame_counts for summary in errors])
    sums, sizes = totals_by_group(totals, errors[0].frame_counts, errors[0].groups)
    means = sums.sum(axis=1, keepdims=True) / sizes.sum()
    # d ln(MAE) = d MAE / MAE: deviations relative to the mean.
    return deviations(sums, sizes) / means, effective_number(sizes)


def _t(degrees: float) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + CONFIDENCE / 2, degrees))
