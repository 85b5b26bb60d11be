"""Predictions of a committee: error of their mean, and spread of the members.

An *item* is what has a spread of its own: an atom with its three force components, or a frame with
its energy per atom.

The members of a committee, and the truth, are taken to be draws from one distribution. The square
of the error of the mean is then ``(1 + 1/M)`` times the variance of the members on average: the
mean of ``M`` members is itself uncertain by ``1/M`` of the variance, and a committee of three would
look over-confident by 15 % without this factor. The variance is that of a sample, with ``M - 1``.

References
----------
V. Fortin et al., J. Hydrometeorol. 15, 1708 (2014), doi:10.1175/JHM-D-14-0008.1 (``1 + 1/M``, and
why variances are averaged and not standard deviations).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.metrics.intervals import MIN_SQUARED, Statistic, mean_interval

__all__ = ["Spread", "averaging", "committee_spread", "mean_over_items", "root"]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Errors and spreads of a committee.

    Parameters
    ----------
    errors
        Mean of the members minus reference, shape ``(n_items, n_components)``.
    deviations
        Members minus their mean, shape ``(n_members, n_items, n_components)``.
    frame
        Number of the frame of each item, counted from 0 without gaps, shape ``(n_items,)``.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``; None if all frames are taken
        to be independent.
    """

    errors: FloatArray
    deviations: FloatArray
    frame: IntArray
    groups: IntArray | None = None

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.deviations)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.errors)

    @property
    def n_components(self) -> int:
        """Number of components of an item."""
        return int(self.errors.shape[1])

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the spread of an item."""
        return (self.n_members - 1) * self.n_components

    @property
    def size(self) -> FloatArray:
        """Root mean square error of the components of each item, shape ``(n_items,)``."""
        return np.asarray(np.sqrt(np.mean(self.errors**2, axis=1)))

    @property
    def expected(self) -> FloatArray:
        """Error of a component of each item that the spread lets expect, shape ``(n_items,)``."""
        n = self.n_members
        variance = np.sum(self.deviations**2, axis=(0, 2)) / self.degrees
        return np.asarray(np.sqrt((1 + 1 / n) * variance))

    def without(self, member: int) -> Spread:
        """A member as if it were the reference of the others."""
        others = np.delete(self.deviations, member, axis=0)
        mean = others.mean(axis=0)
        return Spread(mean - self.deviations[member], others - mean, self.frame, self.groups)

    def twins(self) -> tuple[tuple[int, int], ...]:
        """Pairs of members that predict the same numbers."""
        pairs = combinations(range(self.n_members), 2)
        return tuple(
            (i, j) for i, j in pairs if np.array_equal(self.deviations[i], self.deviations[j])
        )


def committee_spread(
    predicted: npt.ArrayLike,
    reference: npt.ArrayLike,
    frame: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
) -> Spread:
    """Errors and spreads of the members of a committee.

    Items on which all members and the reference agree exactly are left out, such as the forces on
    atoms in the centres of a crystal: nothing is said about them, and nothing is wrong.

    Parameters
    ----------
    predicted
        Predictions, shape ``(n_members, n_items, n_components)``, three members or more.
    reference
        Labels, shape ``(n_items, n_components)``.
    frame
        Frame of each item, shape ``(n_items,)``; any numbers.
    groups
        Trajectory of each frame by these numbers; None if all frames are taken to be independent.

    Examples
    --------
    >>> spread = committee_spread([[[1.0]], [[2.0]], [[3.0]]], [[2.5]], [0])
    >>> spread.size.tolist(), [round(value, 3) for value in spread.expected.tolist()]
    ([0.5], [1.155])
    """
    values, labels = np.asarray(predicted, np.float64), np.asarray(reference, np.float64)
    # Relative to the first member: equal predictions then have deviations of exactly zero.
    shifts = values - values[0]
    mean = shifts.mean(axis=0)
    errors = values[0] - labels + mean
    deviations = shifts - mean
    kept = errors.any(axis=1) | shifts.any(axis=(0, 2))
    frames, index = np.unique(np.asarray(frame)[kept], return_inverse=True)
    own = None if groups is None else np.asarray(groups)[frames]
    return Spread(errors[kept], deviations[:, kept], np.asarray(index, np.int64), own)


def mean_over_items(
    spread: Spread,
    values: FloatArray,
    weights: FloatArray | None = None,
    *,
    ends: tuple[float, float] = (-math.inf, math.inf),
) -> Statistic:
    """Mean over items, or ratio of two totals over items, whose interval is over frames.

    Parameters
    ----------
    spread
        The items.
    values, weights
        Numbers of each item, shape ``(n_items,)``; weights are not negative, by default one.
    ends
        Least and largest value that the mean can have, where the interval ends too.
    """
    sizes = np.ones(spread.n_items) if weights is None else weights
    totals, counts = (np.bincount(spread.frame, weights=each) for each in (values, sizes))
    found = mean_interval(totals, counts, spread.groups)
    if found.interval is None:
        return found
    low, high = (min(max(end, ends[0]), ends[1]) for end in found.interval)
    return replace(found, interval=(low, high))


def root(squared: Statistic) -> Statistic:
    """Square root of a statistic of squares, which needs more frames than one of errors."""
    ends = squared.interval
    interval = None if ends is None else (math.sqrt(max(ends[0], 0.0)), math.sqrt(ends[1]))
    known, doubt = squared.independent or 0.0, squared.doubt
    if not doubt and known < MIN_SQUARED:
        doubt = f"a root mean square needs {MIN_SQUARED} independent frames, found {known:.3g}"
    return Statistic(math.sqrt(squared.value), interval, squared.independent, doubt)


def averaging(spread: Spread) -> Statistic:
    """Root mean square error of the mean of the members over that of a single member.

    At most 1. The mean square error of a member is that of the mean plus the spread: what the
    members do not share averages out, and what they share stays (A. Krogh and J. Vedelsby, NeurIPS
    1994).
    """
    square = np.mean(spread.errors**2, axis=1)
    single = square + np.mean(spread.deviations**2, axis=(0, 2))
    return root(mean_over_items(spread, square, single))
