"""Differences between the errors of two potentials on the same frames.

What makes a frame difficult is the same for both and cancels, so that the interval of the mean
difference is far narrower than those of the two errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic, mean_interval

__all__ = ["MIN_PAIRS", "PairedErrors", "pair_errors", "paired_difference"]

MIN_PAIRS: Final = 6
"""Fewest frames or trajectories of a paired comparison: of fewer, no interval of a typical value
exists without assumptions about the distribution (Hahn and Meeker, Statistical Intervals, 1991,
section 5.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class PairedErrors:
    """Mean absolute errors of two potentials on the frames that both have the quantity of.

    Parameters
    ----------
    frames
        Places of these frames among the compared ones, shape ``(n_frames,)``.
    ours, theirs
        Mean absolute error of each frame, same shape.
    counts
        Number of components of each frame, same shape.
    difference
        Mean of ``ours`` minus that of ``theirs`` over all components, and its interval.
    """

    frames: IntArray
    ours: FloatArray
    theirs: FloatArray
    counts: IntArray
    difference: Statistic

    @property
    def worst(self) -> float:
        """Largest difference of a single frame."""
        return float((self.ours - self.theirs).max())


def paired_difference(
    ours: FloatArray,
    theirs: FloatArray,
    counts: IntArray,
    groups: IntArray | None = None,
    *,
    squared: bool = False,
) -> Statistic:
    """Difference of two mean absolute errors, or of two root mean square errors, over frames.

    That of two roots of mean squares is ``a - b = (a^2 - b^2) / (a + b)``. The denominator is taken
    as known, since it varies far less than the difference (the delta method).

    Parameters
    ----------
    ours, theirs
        Mean absolute (or root mean square) error of each frame, shape ``(n_frames,)``.
    counts
        Number of components of each frame, same shape.
    groups
        Number of the trajectory of each frame, same shape; None if all are independent.
    squared
        Whether they are root mean squares.

    Examples
    --------
    >>> ours, theirs = np.full(8, 3.0), np.full(8, 2.0)
    >>> paired_difference(ours, theirs, np.ones(8, dtype=int)).value
    1.0
    """
    scale = 1.0
    if squared:
        ours, theirs = ours**2, theirs**2
        roots = [math.sqrt(np.average(one, weights=counts)) for one in (ours, theirs)]
        # Two models without any error do not differ.
        scale = 1 / sum(roots) if any(roots) else 0.0
    found = mean_interval((ours - theirs) * counts, counts, groups)
    return found.times(scale)


def pair_errors(ours: ErrorSummary, theirs: ErrorSummary) -> PairedErrors | None:
    """Errors of two potentials on the frames that both predict; None if there is no such frame.

    Parameters
    ----------
    ours, theirs
        Errors of one quantity on the same frames. A potential may have no stress for some of them.
    """
    frames, here, there = np.intersect1d(ours.frames, theirs.frames, return_indices=True)
    if len(frames) == 0:
        return None
    counts = ours.frame_counts[here]
    groups = None if ours.groups is None else ours.groups[here]
    pair = ours.frame_errors[here], theirs.frame_errors[there]
    return PairedErrors(frames, *pair, counts, paired_difference(*pair, counts, groups))
