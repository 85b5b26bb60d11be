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
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, IntArray

__all__ = [
    "TAILS",
    "Statistic",
    "deviations",
    "effective_number",
    "mean_interval",
    "skew_corrected",
    "totals_by_group",
]

TAILS: Final = (0.025, 0.005)
"""Probabilities that are left out below and above an interval."""

LARGEST_SHARE: Final = 0.5
"""If one frame or trajectory has more than this share of a total, the total is about that one, and
no interval of the mean can be trusted."""


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
    value = float(sums.sum() / sizes.sum())
    independent = effective_number(sizes)
    if len(sums) < 2:
        return Statistic(value, None, independent)
    residuals = deviations(sums, sizes)
    below, above = skew_corrected(residuals, independent, tails)
    low, high = value - below, value + above
    positive = value > 0 and bool((sums >= 0).all())
    if positive:
        # Symmetric in the logarithm: positive, and the better end where errors scatter widely.
        low = max(low, value * math.exp(-_student(tails[0], independent, residuals) / value))
    scale = np.abs(sums)
    largest = float(scale.max() / scale.sum()) if scale.any() else 0.0
    doubt = ""
    if largest > LARGEST_SHARE:
        what = "frame" if groups is None else "trajectory"
        doubt = f"one {what} of {len(sums)} has {100 * largest:.0f} % of the error"
    return Statistic(value, (min(low, value), max(high, value)), independent, doubt)


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
) -> tuple[float, float]:
    """How far the mean of a population may lie below and above that of a sample.

    Parameters
    ----------
    residuals
        Deviations of the items of the sample from their mean, shape ``(n_items,)``, two or more.
    independent
        Effective number of items, for the degrees of freedom.
    tails
        Probabilities that are left out below and above.

    Returns
    -------
    :
        Distances to the lower and to the upper end, not negative; zero if nothing varies.
    """
    n = len(residuals)
    spread = float(np.sqrt(np.mean(residuals**2)))
    error = _standard_error(residuals)
    # Rounding: equal numbers whose mean is not exactly theirs.
    if error == 0 or not spread > 0:
        return 0.0, 0.0
    skewness = 0.0
    if n > 2:
        # The adjusted Fisher-Pearson coefficient: that of a small sample is too small.
        skewness = math.sqrt(n * (n - 1)) / (n - 2) * float(np.mean((residuals / spread) ** 3))
    scaled = skewness / math.sqrt(n)
    low, high = (_quantile(tail, independent) for tail in tails)
    return max(_untransformed(low, scaled), 0.0) * error, max(
        -_untransformed(-high, scaled), 0.0
    ) * error


def _untransformed(x: float, scaled: float) -> float:
    """Inverse of Hall's ``g(T) = T + a T^2 / 3 + a^2 T^3 / 27 + a / 6``, ``a`` the skewness/√n."""
    if abs(scaled) < 1e-9:
        return x
    return 3 / scaled * (math.cbrt(1 + scaled * (x - scaled / 6)) - 1)


def _standard_error(residuals: FloatArray) -> float:
    n = len(residuals)
    return float(np.sqrt(np.sum(residuals**2) / (n - 1) / n))


def _student(tail: float, independent: float, residuals: FloatArray) -> float:
    return _quantile(tail, independent) * _standard_error(residuals)


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
