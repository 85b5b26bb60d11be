"""Ratio of the errors on other frames to those on the frames of a potential's own dataset."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.errors import (
    CONFIDENCE,
    MIN_BOOTSTRAP,
    RESAMPLES,
    ErrorSummary,
    Statistic,
)

__all__ = ["NOISE", "error_ratio"]

NOISE: Final = 1e-6
"""Errors below this (eV/atom, eV/Å or eV/Å^3) are rounding: files store 6 to 8 decimals."""

_BATCH: Final = 100


def error_ratio(own: ErrorSummary, other: ErrorSummary, *, seed: int = 0) -> Statistic | None:
    """Ratio of two mean absolute errors of one potential.

    The interval is a percentile bootstrap over the frames of both sides, which are resampled
    independently because they are different frames. With fewer than 30 frames on either side it is
    Student's t of the linearised logarithm of the ratio, with the degrees of freedom of Welch and
    Satterthwaite.

    Parameters
    ----------
    own, other
        Errors of the same quantity on the potential's own frames, and on other frames.
    seed
        Seed of the bootstrap.

    Returns
    -------
    :
        ``other / own`` with its 95 % interval, which is None if either side is a single frame. None
        instead of both if an error is rounding noise (below 1e-6), whose ratio is meaningless.

    References
    ----------
    B. L. Welch, Biometrika 34, 28 (1947), doi:10.1093/biomet/34.1-2.28.
    """
    if min(own.mae.value, other.mae.value) < NOISE:
        return None
    ratio = other.mae.value / own.mae.value
    if min(own.n_frames, other.n_frames) < 2:
        return Statistic(ratio, None)
    if min(own.n_frames, other.n_frames) >= MIN_BOOTSTRAP:
        rng = np.random.default_rng(seed)
        below, above = _resampled(own, rng), _resampled(other, rng)
        # If most frames have no error at all, a resample may contain only such frames, and its
        # ratio is infinite: fall through to the linearised interval.
        if below.min() > 0:
            tail = (1 - CONFIDENCE) / 2
            low, high = np.quantile(above / below, [tail, 1 - tail])
            return Statistic(ratio, (float(low), float(high)))
    return Statistic(ratio, _linearised(ratio, own, other))


def _resampled(errors: ErrorSummary, rng: np.random.Generator) -> FloatArray:
    """Mean absolute errors of resampled sets of frames, shape ``(RESAMPLES,)``."""
    n = errors.n_frames
    counts = errors.frame_counts.astype(np.float64)
    sums = errors.frame_errors * counts
    found = []
    for _ in range(RESAMPLES // _BATCH):
        # As many frames as there are, drawn with replacement; in parts, which limits the memory.
        chosen = rng.integers(0, n, (_BATCH, n))
        found.append(sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1))
    return np.concatenate(found)


def _linearised(ratio: float, own: ErrorSummary, other: ErrorSummary) -> tuple[float, float]:
    from scipy.stats import t

    variances = []
    for errors in (own, other):
        # Relative residuals of a ratio of totals: the delta method for ln(mean absolute error).
        counts = errors.frame_counts
        residuals = (errors.frame_errors / errors.mae.value - 1) * counts / counts.mean()
        variances.append(float(residuals.var(ddof=1)) / errors.n_frames)
    # The two sides are different frames: the variances of their logarithms add up.
    total = sum(variances)
    if total == 0:
        return (ratio, ratio)
    parts = zip(variances, (own, other), strict=True)
    # Welch and Satterthwaite: between the smaller number of degrees of freedom and their sum.
    degrees = total**2 / sum(v**2 / (errors.n_frames - 1) for v, errors in parts)
    # Symmetric in the logarithm, so that the interval of a ratio is never negative.
    half = float(t.ppf(0.5 + CONFIDENCE / 2, degrees)) * math.sqrt(total)
    return (ratio * math.exp(-half), ratio * math.exp(half))
