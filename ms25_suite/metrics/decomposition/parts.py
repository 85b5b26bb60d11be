"""Errors of parts of the test frames: elements, sizes of the force, kinds of frames.

A mean over everything hides an error of a part. Each part has an interval of its own, over frames
or trajectories as in `ms25_suite.metrics.intervals`, because the atoms of one frame are not
independent. With many parts, some intervals miss the true value by chance, so the intervals of all
parts of a group hold together: each leaves out 1/m of the usual tails for m parts (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, IntArray
from ms25_suite.metrics.errors import CONFIDENCE
from ms25_suite.metrics.intervals import (
    TAILS,
    Statistic,
    effective_number,
    mean_interval,
    totals_by_group,
)

__all__ = [
    "SIZE_QUANTILES",
    "Part",
    "angles",
    "force_scale",
    "mean_of_parts",
    "quantile_of_frames",
    "size_parts",
]

SIZE_QUANTILES: Final = (0.5, 0.9, 0.99)
"""Limits between the parts by size: ever smaller parts towards the largest."""


@dataclass(frozen=True, slots=True)
class Part:
    """Error of one part.

    Parameters
    ----------
    name
        What the part is: an element, a range, a kind.
    error
        Its error, and an interval that holds together with those of the other parts.
    n_frames
        Number of frames that have something of the part.
    without_model
        The same error of predictions that do not look at the structure.
    """

    name: str
    error: Statistic
    n_frames: int
    without_model: float


def mean_of_parts(
    errors: FloatArray,
    references: FloatArray,
    frame: IntArray,
    parts: Mapping[str, BoolArray],
    weights: FloatArray | None = None,
    groups: IntArray | None = None,
) -> tuple[Part, ...]:
    """Mean absolute error of each part, with intervals that hold together.

    Parameters
    ----------
    errors
        Absolute errors, shape ``(n,)``.
    references
        Absolute errors of predictions that do not look at the structure, same shape.
    frame
        Frame of each number, same shape.
    parts
        Which numbers belong to each part, same shape, by name; a number may belong to several.
    weights
        How often each number counts, same shape; by default once.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``; None if all frames are
        independent.

    Returns
    -------
    :
        Parts that have numbers, in their order.
    """
    weights = np.ones(len(errors)) if weights is None else weights
    known = {name: own for name, own in parts.items() if own.any()}
    tails = _each(len(known))
    n_frames = int(frame.max(initial=-1)) + 1
    found = []
    for name, own in known.items():
        counts = _totals(weights[own], frame[own], n_frames)
        sums = _totals((weights * errors)[own], frame[own], n_frames)
        used = counts > 0
        mae = mean_interval(sums[used], counts[used], _of(groups, used), tails=tails)
        without = float(np.average(references[own], weights=weights[own]))
        found.append(Part(name, mae, int(used.sum()), without))
    return tuple(found)


def size_parts(sizes: FloatArray, unit: str = "eV/Å") -> dict[str, BoolArray]:
    """Parts by a size, such as that of the reference force of each atom.

    Parameters
    ----------
    sizes
        Shape ``(n,)``, at least one.
    unit
        Unit, for the names.

    Returns
    -------
    :
        Which ones belong to each part, by name: the smaller half, the next four tenths, the next
        tenth without its largest tenth, and the largest hundredth. Equal sizes stay together, so
        that parts may be missing.
    """
    edges = np.unique(np.quantile(sizes, SIZE_QUANTILES)).tolist()
    limits = [float(sizes.min()), *edges, float(sizes.max())]
    place = np.searchsorted(edges, sizes, side="right")
    return {f"{limits[k]:.3g} to {limits[k + 1]:.3g} {unit}": place == k for k in np.unique(place)}


def force_scale(
    reference: FloatArray,
    predicted: FloatArray,
    frame: IntArray,
    parts: Mapping[str, BoolArray],
    groups: IntArray | None = None,
) -> tuple[Part, ...]:
    """How far the slope of predicted against reference forces is from one, for each part.

    The slope is that of a line through the origin. An error that does not depend on the force
    leaves it at 1; a potential that is too soft has a smaller one (Deng et al., npj Comput. Mater.
    2025, doi:10.1038/s41524-024-01500-6). It is known far more precisely than the mean error.

    Parameters
    ----------
    reference, predicted
        Forces in eV/Å, shape ``(n_atoms, 3)``.
    frame
        Frame of each atom, shape ``(n_atoms,)``.
    parts
        Which atoms belong to each part, same shape, by name.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``; None if all frames are
        independent.

    Returns
    -------
    :
        ``slope - 1`` of each part with an interval that holds together with the others. Parts
        without any force are left out.
    """
    product = np.einsum("ij,ij->i", reference, predicted - reference)
    square = np.einsum("ij,ij->i", reference, reference)
    known = {name: own for name, own in parts.items() if square[own].any()}
    tails = _each(len(known))
    n_frames = int(frame.max(initial=-1)) + 1
    found = []
    for name, own in known.items():
        below = _totals(square[own], frame[own], n_frames)
        above = _totals(product[own], frame[own], n_frames)
        used = below > 0
        slope = mean_interval(above[used], below[used], _of(groups, used), tails=tails)
        found.append(Part(name, slope, int(used.sum()), 1.0))
    return tuple(found)


def _totals(values: FloatArray, frame: IntArray, n_frames: int) -> FloatArray:
    """Sum over each frame."""
    return np.asarray(np.bincount(frame, weights=values, minlength=n_frames), dtype=np.float64)


def _each(n_parts: int) -> tuple[float, float]:
    """Tails of each interval so that those of all parts hold together (Bonferroni)."""
    return TAILS[0] / max(n_parts, 1), TAILS[1] / max(n_parts, 1)


def _of(groups: IntArray | None, used: BoolArray) -> IntArray | None:
    return None if groups is None else np.asarray(groups)[used]


def angles(reference: FloatArray, predicted: FloatArray) -> FloatArray:
    """Angle between predicted and reference force of each atom, in degrees.

    Parameters
    ----------
    reference, predicted
        Forces in eV/Å, shape ``(n_atoms, 3)``; no reference force is zero.

    Returns
    -------
    :
        Shape ``(n_atoms,)``. A predicted force of zero has no direction, and counts as 90 degrees.

    Examples
    --------
    >>> angles(np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 2.0, 0.0]])).round(6).tolist()
    [90.0]
    """
    lengths = np.linalg.norm(reference, axis=1) * np.linalg.norm(predicted, axis=1)
    cosine = np.divide(
        np.einsum("ij,ij->i", reference, predicted),
        lengths,
        out=np.zeros(len(lengths)),
        where=lengths > 0,
    )
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def quantile_of_frames(
    values: FloatArray, quantile: float, groups: IntArray | None = None
) -> Statistic:
    """Quantile of the errors of frames, with an interval that assumes no distribution.

    The ends of the interval are values whose ranks have the confidence by the binomial distribution
    (Hahn and Meeker, Statistical Intervals, 1991, section 5.2). Frames of one trajectory are not
    independent: the ranks are those of as many values as there are independent trajectories.

    Parameters
    ----------
    values
        Error of each frame, shape ``(n,)``, ``n > 0``.
    quantile
        Between 0 and 1.
    groups
        Number of the trajectory of each frame, same shape; None if all frames are independent.

    Returns
    -------
    :
        Without an interval where there are too few frames for one: 72 for the 95th percentile.

    Examples
    --------
    >>> quantile_of_frames(np.arange(100.0), 0.95).interval
    (89.0, 99.0)
    >>> quantile_of_frames(np.arange(71.0), 0.95).interval is None
    True
    """
    from scipy.stats import binom

    n, ordered = len(values), np.sort(values)
    value = float(np.quantile(ordered, quantile))
    sizes = totals_by_group(np.ones(n), None, groups)[0]
    independent = effective_number(sizes)
    known = math.floor(independent)
    # The same on both sides, since a rank says nothing about how far the tail reaches.
    tail = (1.0 - CONFIDENCE) / 2
    # The k-th smallest value is above the quantile if fewer than k values are below it.
    low, high = (int(binom.ppf(p, known, quantile)) for p in (tail, 1.0 - tail))
    if low < 1 or high + 1 > known:
        return Statistic(value, None, independent)
    # Ranks among the independent values, as ranks among all.
    first, last = math.floor(low * n / known), math.ceil((high + 1) * n / known)
    return Statistic(value, (float(ordered[first - 1]), float(ordered[last - 1])), independent)
