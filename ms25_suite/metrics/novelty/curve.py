"""The error of frames as a function of their distance to known ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.metrics.decomposition.parts import mean_of_parts
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic

__all__ = ["DistanceBin", "error_by_distance"]

MOST_BINS: Final = 6
"""Bins of equal numbers of frames."""


@dataclass(frozen=True, slots=True)
class DistanceBin:
    """Error of frames at some distance.

    Parameters
    ----------
    low, middle, high
        Smallest, median and largest distance in Å; infinite for frames with a new element.
    error
        Mean absolute error, and an interval that holds together with those of the other bins.
    n_frames
        Number of frames.
    """

    low: float
    middle: float
    high: float
    error: Statistic
    n_frames: int


def error_by_distance(errors: ErrorSummary, distances: FloatArray) -> tuple[DistanceBin, ...]:
    """Mean absolute error in bins of the distance.

    Parameters
    ----------
    errors
        Errors of one quantity.
    distances
        Distance of each frame of the comparison in Å, also of those without the quantity, shape
        ``(n_frames,)``; NaN where it is not known.

    Returns
    -------
    :
        Bins of equal numbers of frames, `MIN_FRAMES` of them at least unless there are fewer, the
        nearest first. Frames with an infinite distance have a bin of their own.
    """
    own = distances[errors.frames]
    finite = np.flatnonzero(np.isfinite(own))
    ordered = finite[np.argsort(own[finite], kind="stable")]
    count = min(max(len(ordered) // MIN_FRAMES, 1), MOST_BINS)
    members = [part for part in np.array_split(ordered, count) if len(part)]
    members += [part for part in [np.flatnonzero(np.isinf(own))] if len(part)]
    parts = {}
    for number, part in enumerate(members):
        inside = np.zeros(len(own), dtype=bool)
        inside[part] = True
        parts[str(number)] = inside
    found = mean_of_parts(
        errors.frame_errors,
        np.zeros(len(own)),
        np.arange(len(own)),
        parts,
        errors.frame_counts.astype(np.float64),
        errors.groups,
    )
    return tuple(
        DistanceBin(
            float(own[part].min()),
            float(np.median(own[part])) if math.isfinite(own[part].max()) else math.inf,
            float(own[part].max()),
            one.error,
            one.n_frames,
        )
        for part, one in zip(members, found, strict=True)
    )
