"""The data training rate: how fast errors fall with the number of training frames.

Maxson et al., JCIM 2025 (MS25), "Data Training Rates": on logarithmic scales the error falls
about linearly with the number ``n`` of training frames,

``ln MAE = intercept - rate * ln n``,

and the rate, minus the slope of the least-squares line, has no dimension.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.errors import CONFIDENCE, ErrorSummary, Statistic

__all__ = ["MIN_SIZES", "RateFit", "fit_rate"]

MIN_SIZES: Final = 3
"""Two points always lie on a line, and say nothing of how well they do."""


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
        ``ln`` of the error at one training frame; in the unit of the errors.
    r2
        Share of the variance of ``ln MAE`` that the line explains.
    scatter_half_width
        Half width of the interval of the rate from the scatter around the line alone.
    frames_half_width
        The same from the finite number of test frames alone.
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
        """Number of training frames at which the line crosses a threshold.

        The interval is Fieller's: all numbers at which the threshold lies within the confidence
        band of the line. It is finite only if the rate is positive beyond its own uncertainty.

        Parameters
        ----------
        threshold
            In the unit of the errors that were fitted.

        Returns
        -------
        :
            The number and its 95 % interval; None if the rate is not significantly positive, or
            the number is beyond what a float can hold.

        References
        ----------
        E. C. Fieller, J. R. Stat. Soc. B 16 (1954) 175.
        """
        slope, above = self.rate.value, self._level - math.log(threshold)
        (level_level, level_rate), (_, rate_rate) = self._spread
        a = slope**2 - rate_rate
        if slope <= 0 or a <= 0:
            return None
        b = above * slope - level_rate
        c = above**2 - level_level
        # Rounding may make it negative where all points are on the line.
        root = math.sqrt(max(b**2 - a * c, 0.0))
        exponents = [self._center + u for u in ((b - root) / a, above / slope, (b + root) / a)]
        if exponents[2] > math.log(np.finfo(float).max):
            return None
        low, value, high = (math.exp(exponent) for exponent in exponents)
        return Statistic(value, (low, high))


def fit_rate(sizes: Sequence[int], errors: Sequence[ErrorSummary]) -> RateFit | None:
    """Fit the line.

    Its uncertainty has two sources, which do not know of each other: the scatter of the trainings
    around the line (Student's t of the residuals, with two fewer degrees of freedom than sizes),
    and the finite number of test frames, whose luck is the same for all sizes and therefore not
    in that scatter (linearised; what a bootstrap over frames gives, without its noise). Their
    half widths are added in quadrature.

    Parameters
    ----------
    sizes
        Numbers of training frames, ascending, at least `MIN_SIZES`.
    errors
        Errors of the potential of each size, on the same test frames.

    Returns
    -------
    :
        The line; None if an error is exactly zero and has no logarithm.

    Raises
    ------
    ValueError
        Sizes do not ascend or are too few, or the errors are not of the same frames.
    """
    if len(sizes) != len(errors) or len(sizes) < MIN_SIZES or list(sizes) != sorted(set(sizes)):
        msg = f"expected errors of at least {MIN_SIZES} ascending sizes, got {list(sizes)}"
        raise ValueError(msg)
    if any(not np.array_equal(errors[0].frames, other.frames) for other in errors):
        msg = "the errors of all sizes must be those of the same test frames"
        raise ValueError(msg)
    maes = np.array([summary.mae.value for summary in errors])
    if not (maes > 0).all():
        return None
    x, y = np.log(np.asarray(sizes, dtype=np.float64)), np.log(maes)
    u = x - x.mean()
    sxx = float(u @ u)
    # Level (at the centre of the sizes) and rate are linear in the logarithms of the errors.
    linear = np.stack([np.full(len(x), 1 / len(x)), -u / sxx])
    level, rate = (float(value) for value in linear @ y)
    residuals = y - (level - rate * u)
    sse, sst = float(residuals @ residuals), float(((y - y.mean()) ** 2).sum())
    scatter = sse / (len(x) - 2) * np.diag([1 / len(x), 1 / sxx]) * _t(len(x) - 2) ** 2
    frames = linear @ _covariance(errors, maes) @ linear.T
    spread = scatter + frames
    half = math.sqrt(spread[1, 1])
    return RateFit(
        sizes=tuple(int(size) for size in sizes),
        rate=Statistic(rate, (rate - half, rate + half)),
        intercept=level + rate * float(x.mean()),
        r2=1.0 if sst == 0 else 1 - sse / sst,
        scatter_half_width=math.sqrt(scatter[1, 1]),
        frames_half_width=math.sqrt(max(float(frames[1, 1]), 0.0)),
        _center=float(x.mean()),
        _level=level,
        _spread=spread,
    )


def _covariance(errors: Sequence[ErrorSummary], maes: npt.ArrayLike) -> FloatArray:
    """Covariance of the ``ln MAE`` of all sizes, times Student's t squared, from the test frames.

    The linearised ratio (Cochran, Sampling Techniques, 3rd ed., section 6.3), as in
    `summarise_errors`. Of one frame it is not known and taken to be zero.
    """
    counts = errors[0].frame_counts
    n = len(counts)
    if n < 2:
        return np.zeros((len(errors), len(errors)))
    mean = np.asarray(maes)[:, None]
    frame_errors = np.stack([summary.frame_errors for summary in errors])
    relative = (frame_errors - mean) * counts / (counts.mean() * mean)
    return np.asarray(np.cov(relative) / n * _t(n - 1) ** 2)


def _t(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + CONFIDENCE / 2, degrees))
