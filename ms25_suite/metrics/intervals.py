"""Intervals of means over frames that hold for few frames, heavy tails and trajectories.

A mean absolute error is a mean over *independent* items: frames, or whole trajectories where the
frames say that they belong to one. The interval is Hall's: the studentised mean is transformed by a
cubic polynomial that takes its skewness away, and compared with Student's t. It corrects the
distribution to the same order as a studentised bootstrap, and needs no random numbers. Of a ratio
of totals (frames differ in size, trajectories in length) it takes the linearised residuals.

The lower end leaves out 2.5 %, the upper end 0.5 %: an error that is larger than its interval says
is a potential that passes and should not, and that is the side on which heavy tails make any
interval fall short. ``docs/statistics.md`` has the coverage that was simulated, by distribution,
number of frames and correlation, and compares it with that of other methods.

References
----------
P. Hall, J. R. Stat. Soc. B 54, 221 (1992), doi:10.1111/j.2517-6161.1992.tb01876.x (transformation);
W. G. Cochran, Sampling Techniques, 3rd ed. (1977), section 6.3 (ratio of totals); L. Kish, Survey
Sampling (1965), section 11.7 (effective number).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, IntArray

__all__ = [
    "MIN_SQUARED",
    "MOST_SHARE",
    "TAILS",
    "Statistic",
    "deviations",
    "effective_number",
    "largest_share",
    "mean_ends",
    "mean_interval",
    "ratio_ends",
    "root_ends",
    "skew_corrected",
    "totals_by_group",
]

TAILS: Final = (0.025, 0.005)
"""Probabilities that are left out below and above an interval."""

MOST_SHARE: Final = 0.5
"""If one frame or trajectory has more than this share of a total, the total is about that one, and
no interval of the mean can be trusted."""


MIN_SQUARED: Final = 30
"""Independent frames that an interval of a root mean square needs: of fewer, the squares do not
show how heavy their tail is, and it holds in as few as 80 % of the cases."""

Ends: TypeAlias = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
"""Value, low and high end of an interval."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number and its interval.

    Parameters
    ----------
    value
        The number.
    interval
        Its 95 % interval; None if there is a single frame or trajectory.
    independent
        Effective number of independent frames or trajectories behind it; None where it is not a
        statistic of a sample.
    doubt
        Why the interval is not to be trusted; empty if it is.
    """

    value: float
    interval: tuple[float, float] | None
    independent: float | None = None
    doubt: str = ""

    def times(self, factor: float) -> Statistic:
        """The same number in another unit; the factor is positive."""
        ends = self.interval
        interval = None if ends is None else (factor * ends[0], factor * ends[1])
        return replace(self, value=factor * self.value, interval=interval)


def mean_interval(
    totals: npt.ArrayLike,
    counts: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    *,
    tails: tuple[float, float] = TAILS,
) -> Statistic:
    """Mean over frames, or ratio of two totals over frames, with an interval that holds.

    Parameters
    ----------
    totals
        Sum of the errors (absolute, or squared) of each frame, shape ``(n_frames,)``, ``n > 0``.
    counts
        Number of errors in each sum, or what else the sums are divided by, not negative, shape
        ``(n_frames,)``; by default one.
    groups
        Which frames are not independent of each other: equal numbers for the frames of one
        trajectory, shape ``(n_frames,)``. By default all are independent.
    tails
        Probabilities that are left out below and above: smaller ones where several intervals hold
        together (Bonferroni).

    Returns
    -------
    :
        The sum of the totals over the sum of the counts. If no total is negative, neither is an end
        of the interval, and the lower one is positive if the value is.

    Examples
    --------
    >>> found = mean_interval([0.1, 0.2, 0.3, 0.2, 0.2, 0.1, 0.3, 0.2])
    >>> round(found.value, 3), [round(end, 3) for end in found.interval], found.independent
    (0.2, [0.146, 0.294], 8.0)
    >>> mean_interval([0.1, 0.2, 0.3, 0.2], groups=[0, 0, 1, 1]).independent
    2.0
    """
    sums, sizes = totals_by_group(totals, counts, groups)
    independent = effective_number(sizes)
    if len(sums) < 2:
        return Statistic(float(sums.sum() / sizes.sum()), None, independent)
    value, low, high = (float(number) for number in mean_ends(sums, sizes, tails))
    share = float(largest_share(sums))
    doubt = ""
    if share > MOST_SHARE:
        what = "frame" if groups is None else "trajectory"
        doubt = f"one {what} of {len(sums)} has {100 * share:.0f} % of the error"
    return Statistic(value, (low, high), independent, doubt)


def mean_ends(
    sums: FloatArray, sizes: FloatArray, tails: tuple[float, float] = TAILS
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means over independent items, and both ends of their intervals, of many samples at once.

    Parameters
    ----------
    sums
        Totals, shape ``(..., n_items)``, two items or more.
    sizes
        What their sum is divided by, shape ``(n_items,)``.
    tails
        Probabilities that are left out below and above.

    Returns
    -------
    value, low, high
        Each of shape ``(...)``.
    """
    value = np.asarray(sums.sum(axis=-1) / sizes.sum())
    residuals = deviations(sums, sizes)
    independent = effective_number(sizes)
    below, above = skew_corrected(residuals, independent, tails)
    low = value - below
    positive = (value > 0) & (sums >= 0).all(axis=-1)
    # Symmetric in the logarithm: positive, and the better end where errors scatter widely.
    scale = np.where(positive, value, 1.0)
    error = _standard_error(residuals) / scale
    symmetric = value * np.exp(-_quantile(tails[0], independent) * error)
    low = np.where(positive, np.maximum(low, symmetric), low)
    return value, np.minimum(low, value), value + above


def ratio_ends(
    above: Ends,
    below: Ends,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ratio of two positive means of independent samples, and both ends of its interval.

    On each side, the distances of the ends of both intervals are added in quadrature, in the
    logarithm. That keeps their asymmetry, and holds where they hold (G. Y. Zou and A. Donner, Stat.
    Med. 27, 1693 (2008), doi:10.1002/sim.3095).

    Parameters
    ----------
    above, below
        Numerator and denominator: value, low and high end, as of `mean_ends`.

    Returns
    -------
    value, low, high
        Each of the shape of the numbers given.
    """
    top, top_low, top_high = (np.asarray(number, dtype=np.float64) for number in above)
    base, base_low, base_high = (np.asarray(number, dtype=np.float64) for number in below)
    ratio = np.asarray(top / base)
    down = np.hypot(np.log(top / top_low), np.log(base_high / base))
    up = np.hypot(np.log(top_high / top), np.log(base / base_low))
    return ratio, ratio * np.exp(-down), ratio * np.exp(up)


def root_ends(
    mean_square: Ends,
    mean: Ends,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Root mean square of errors, and both ends of its interval.

    A root mean square is never less than the mean of the absolute values, so that each end of the
    interval of the latter is a bound for the former too.

    Parameters
    ----------
    mean_square, mean
        Of the squared and of the absolute errors: value, low and high end, as of `mean_ends`.
    """
    # The square root is monotonic: it maps the ends of the mean square onto those of its root.
    value, low, high = (np.sqrt(np.asarray(number)) for number in mean_square)
    return value, np.maximum(low, mean[1]), np.maximum(high, mean[2])


def largest_share(sums: FloatArray) -> FloatArray:
    """Part of a total that the largest item has, shape ``(...)``; zero if there is none."""
    sizes = np.abs(sums)
    total = sizes.sum(axis=-1)
    return np.asarray(sizes.max(axis=-1) / np.where(total > 0, total, 1.0))


def totals_by_group(
    totals: npt.ArrayLike, counts: npt.ArrayLike | None, groups: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Totals and counts of the independent items: of each trajectory, or else of each frame.

    Parameters
    ----------
    totals, counts, groups
        As for `mean_interval`; ``totals`` may have further axes in front.

    Returns
    -------
    :
        Totals, shape ``(..., n_items)``, and counts, shape ``(n_items,)``.
    """
    sums = np.asarray(totals, dtype=np.float64)
    sizes = np.ones(sums.shape[-1]) if counts is None else np.asarray(counts, dtype=np.float64)
    if groups is None:
        return sums, sizes
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    starts, order = _runs(index)
    return (
        np.add.reduceat(sums[..., order], starts, axis=-1),
        np.add.reduceat(sizes[order], starts),
    )


def deviations(sums: FloatArray, sizes: FloatArray) -> FloatArray:
    """How much each item moves the ratio of two totals, to first order.

    An item that makes up much of the whole pulls the ratio towards itself, so that its deviation
    looks too small. It is divided by the square root of what the other items make up (CR2 of Bell
    and McCaffrey, Surv. Methodol. 28, 169 (2002)); for items of equal size that changes nothing.

    Parameters
    ----------
    sums
        Totals, shape ``(..., n_items)``, two or more.
    sizes
        What their sum is divided by, shape ``(n_items,)``.

    Returns
    -------
    :
        Deviations from the mean, shape ``(..., n_items)``.
    """
    value = sums.sum(axis=-1, keepdims=True) / sizes.sum()
    others = 1 - sizes / sizes.sum()
    n = len(sizes)
    # An item that is everything has no others to be compared with.
    scale = np.sqrt((1 - 1 / n) / np.maximum(others, np.finfo(float).eps))
    return np.asarray((sums - value * sizes) / sizes.mean() * scale)


def effective_number(sizes: FloatArray) -> float:
    """Number of items of equal size that know as much as these of unequal sizes (Kish).

    Parameters
    ----------
    sizes
        Size of each trajectory or frame, shape ``(n_items,)``.

    Examples
    --------
    >>> effective_number(np.array([2.0, 2.0])), round(effective_number(np.array([9.0, 1.0])), 2)
    (2.0, 1.22)
    """
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def skew_corrected(
    residuals: FloatArray, independent: float, tails: tuple[float, float] = TAILS
) -> tuple[FloatArray, FloatArray]:
    """How far the mean of a population may lie below and above that of a sample.

    Parameters
    ----------
    residuals
        Deviations of the items of samples from their mean, shape ``(..., n_items)``, two or more.
    independent
        Effective number of items, for the degrees of freedom.
    tails
        Probabilities that are left out below and above.

    Returns
    -------
    :
        Distances to the lower and to the upper end, not negative, each of shape ``(...)``; zero if
        nothing varies.
    """
    n = residuals.shape[-1]
    # Relative to the largest, whose third power would overflow for absurd errors.
    peak = np.abs(residuals).max(axis=-1, keepdims=True)
    relative = residuals / np.where(peak > 0, peak, 1.0)
    spread = np.sqrt(np.mean(relative**2, axis=-1, keepdims=True))
    skewness = np.zeros(residuals.shape[:-1])
    if n > 2:
        # The adjusted Fisher-Pearson coefficient: that of a small sample is too small.
        third = np.mean((relative / np.where(spread > 0, spread, 1.0)) ** 3, axis=-1)
        skewness = math.sqrt(n * (n - 1)) / (n - 2) * third
    scaled = skewness / math.sqrt(n)
    error = _standard_error(residuals)
    low, high = (_quantile(tail, independent) for tail in tails)
    below, above = _untransformed(low, scaled), -_untransformed(-high, scaled)
    return np.maximum(below, 0.0) * error, np.maximum(above, 0.0) * error


def _untransformed(x: float, scaled: FloatArray) -> FloatArray:
    """Inverse of Hall's ``g(T) = T + a T^2 / 3 + a^2 T^3 / 27 + a / 6``, ``a`` the skewness/√n."""
    # Without skewness it is T itself; so near to it, the formula is rounding.
    flat = np.abs(scaled) < 1e-9
    safe = np.where(flat, 1.0, scaled)
    return np.where(flat, x, 3 / safe * (np.cbrt(1 + safe * (x - safe / 6)) - 1))


def _standard_error(residuals: FloatArray) -> FloatArray:
    n = residuals.shape[-1]
    return np.asarray(np.linalg.norm(residuals, axis=-1) / math.sqrt((n - 1) * n))


def _quantile(tail: float, independent: float) -> float:
    """Student's t that is exceeded with a probability."""
    from scipy.special import stdtrit

    # Never fewer degrees than one: two trajectories, one of them much longer.
    return float(stdtrit(max(independent - 1, 1.0), 1 - tail))


def _runs(index: IntArray) -> tuple[IntArray, IntArray]:
    """Order that puts equal numbers side by side, and where each of them starts."""
    order = np.argsort(index, kind="stable")
    starts = np.flatnonzero(np.diff(index[order], prepend=-1))
    return starts.astype(np.int64), order.astype(np.int64)
