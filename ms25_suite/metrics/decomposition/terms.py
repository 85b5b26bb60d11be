"""What an energy error is made of: constants, a pressure, kinds of frames, and the rest.

The error of each frame is fitted, in this order, by a constant for each atom, a constant for each
element, a term linear in the volume (a pressure), and a constant for each kind of frame. Each term
gets what it explains beyond the terms before it (sequential sums of squares; N. R. Draper and
H. Smith, Applied Regression Analysis, 3rd ed., 1998, chapter 6). A term of p parameters explains p
parts of the noise by chance; that is subtracted, so that noise alone gives terms near zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.metrics.errors import CONFIDENCE
from ms25_suite.metrics.intervals import Statistic

__all__ = ["REST", "Decomposition", "Term", "cancellation", "decompose", "leave_one_out"]

REST: Final = "rest"
"""Name of what no term explains."""

RESAMPLES: Final = 400
"""Bootstrap resamples: ten of them are below the 2.5 % point. The intervals are shown, and decide
nothing."""

MOST_PAIRED: Final = 400
"""Frames of one composition that are paired with each other: 80,000 pairs."""

_DEPENDENT: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an energy error.

    Parameters
    ----------
    name
        Name of the term; `REST` for what is left.
    n_parameters
        Number of its parameters that the frames determine.
    size
        Root mean square of the term in eV/atom, with its interval. The squares of all terms add up
        to the mean square error.
    share
        Part of the mean square error, from 0 to 1.
    """

    name: str
    n_parameters: int
    size: Statistic
    share: Statistic


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Terms of an energy error.

    Parameters
    ----------
    terms
        The terms in the order of the fit, and the rest.
    slope
        Derivative of the error with respect to the volume in eV/Å^3, tension positive: the error of
        the stress that the energies imply. None without a term for the volume.
    """

    terms: tuple[Term, ...]
    slope: Statistic | None

    @property
    def systematic(self) -> Statistic:
        """Share of all terms but the rest."""
        rest = self.terms[-1].share
        ends = rest.interval
        interval = None if ends is None else (1.0 - ends[1], 1.0 - ends[0])
        return Statistic(1.0 - rest.value, interval)


def decompose(
    errors: FloatArray, terms: Mapping[str, FloatArray], *, slope_of: str = "", seed: int = 0
) -> Decomposition:
    """Split energy errors into terms.

    Parameters
    ----------
    errors
        Errors in eV/atom, shape ``(n_frames,)``; there are more frames than parameters.
    terms
        Columns of each term, shape ``(n_frames, n_columns)``, in the order of the fit. Columns that
        depend on those before them are left out.
    slope_of
        Term of one column whose coefficient is wanted. It is that of a fit of all terms up to it.
    seed
        Seed of the bootstrap over frames.

    Examples
    --------
    >>> errors = np.array([1.0, 1.1, 0.9, 1.0])
    >>> found = decompose(errors, {"constant": np.ones((4, 1))})
    >>> [(term.name, round(term.share.value, 2)) for term in found.terms]
    [('constant', 0.99), ('rest', 0.01)]
    """
    names, columns, owners = list(terms), [], []
    basis = np.zeros((len(errors), 0))
    for place, block in enumerate(terms.values()):
        for column in block.T:
            # Against what is there already, twice for accuracy (Gram-Schmidt).
            rest = column - basis @ (basis.T @ column)
            rest -= basis @ (basis.T @ rest)
            length = float(np.linalg.norm(rest))
            if length > _DEPENDENT * max(float(np.linalg.norm(column)), 1.0):
                basis = np.column_stack([basis, rest / length])
                columns.append(column)
                owners.append(place)
    owner = np.array(owners, dtype=np.int64)
    design = np.column_stack([*columns, errors])
    # Columns of one size, so that rounding is the same for all.
    norms = np.linalg.norm(design, axis=0)
    norms[norms == 0] = 1.0
    design = design / norms
    counts: IntArray = np.bincount(owner, minlength=len(names))
    last = None
    if slope_of in names and counts[names.index(slope_of)]:
        last = int(np.flatnonzero(owner == names.index(slope_of))[-1])
    n = len(errors)
    whole = (design.T @ design)[None]
    squares, slope = _sequential(whole, owner, counts, n, last, times=1)
    samples, slopes = [], []
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        often = np.bincount(rng.integers(0, n, n), minlength=n)
        gram = ((design * often[:, None]).T @ design)[None]
        # The terms of a resample explain the noise of the frames, and that of the resampling.
        some, coefficient = _sequential(gram, owner, counts, n, last, times=2)
        samples.append(some)
        slopes.append(coefficient)
    squares = squares * norms[-1] ** 2
    drawn_squares = np.concatenate(samples) * norms[-1] ** 2
    totals = drawn_squares.sum(axis=1, keepdims=True)
    shares = np.divide(drawn_squares, totals, out=np.zeros_like(drawn_squares), where=totals > 0)
    total = float(squares[0].sum())
    found = [
        Term(
            name,
            int(n_parameters),
            _statistic(math.sqrt(squares[0][k]), np.sqrt(drawn_squares[:, k])),
            _statistic(float(squares[0][k]) / total if total else 0.0, shares[:, k]),
        )
        for k, (name, n_parameters) in enumerate(
            zip([*names, REST], [*counts.tolist(), 0], strict=True)
        )
    ]
    known = None
    if last is not None:
        unit = float(norms[-1] / norms[last])
        known = _statistic(unit * float(slope[0]), unit * np.concatenate(slopes))
    return Decomposition(tuple(found), known)


def _sequential(
    gram: FloatArray, owner: IntArray, counts: IntArray, n: int, last: int | None, *, times: int
) -> tuple[FloatArray, FloatArray]:
    """Mean square of each term and of the rest, and the coefficient of a column.

    Parameters
    ----------
    gram
        Sums of products of the columns and of the errors, which come last, shape
        ``(m, p + 1, p + 1)``.
    owner, counts
        Term of each column, and number of columns of each term.
    n
        Number of frames.
    last
        Column whose coefficient is wanted, in a fit of the columns up to it.
    times
        How often the terms explain the noise.

    Returns
    -------
    :
        Shapes ``(m, n_terms + 1)`` and ``(m,)``.
    """
    width = gram.shape[-1]
    # In a resample without any frame of a kind the columns depend on each other: a tiny ridge.
    scale = np.trace(gram, axis1=1, axis2=2)[:, None, None] / width
    lower = np.linalg.cholesky(gram + 1e-13 * scale * np.eye(width))
    explained = lower[:, -1, :-1] ** 2
    left = lower[:, -1, -1] ** 2
    noise = left / max(n - len(owner), 1)
    squares = np.zeros((len(gram), len(counts) + 1))
    for k, count in enumerate(counts.tolist()):
        own = explained[:, owner == k].sum(axis=1) - times * count * noise
        squares[:, k] = np.maximum(own, 0.0) / n
    squares[:, -1] = noise
    slopes = np.zeros(len(gram))
    if last is not None:
        upper = last + 1
        slopes = np.linalg.solve(
            lower[:, :upper, :upper].transpose(0, 2, 1), lower[:, -1, :upper, None]
        )[:, last, 0]
    return squares, slopes


def leave_one_out(errors: FloatArray, columns: FloatArray) -> FloatArray:
    """Errors that are left where the constants are fitted to all other frames.

    Parameters
    ----------
    errors
        Shape ``(n_frames,)``.
    columns
        What the constants are of, such as the fractions of the elements, shape
        ``(n_frames, n_columns)``.

    Returns
    -------
    :
        Shape ``(n_frames,)``. A frame that alone determines a constant keeps its whole error.

    Examples
    --------
    >>> leave_one_out(np.array([1.0, 1.0, 4.0]), np.ones((3, 1))).round(9).tolist()
    [-1.5, -1.5, 3.0]
    """
    # The diagonal of the projection onto the columns is how much a frame determines its own fit
    # (Draper and Smith, section 8.1).
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis = left[:, sizes > _DEPENDENT * max(float(sizes.max(initial=0.0)), 1e-300)]
    rest = errors - basis @ (basis.T @ errors)
    own = np.einsum("ij,ij->i", basis, basis)
    alone = own > 1.0 - _DEPENDENT
    return np.where(alone, errors, rest / np.where(alone, 1.0, 1.0 - own))


def cancellation(
    errors: FloatArray, groups: IntArray, *, seed: int = 0
) -> tuple[Statistic, Statistic] | None:
    """Errors of energy differences between frames of one composition.

    Parameters
    ----------
    errors
        Errors in eV/atom, shape ``(n_frames,)``.
    groups
        Number of the composition of each frame, same shape.
    seed
        Seed of the bootstrap.

    Returns
    -------
    :
        Mean absolute error of the differences in eV/atom, and that number over the one of errors
        which are independent, √2 times the mean absolute error: 1 if nothing cancels, 0 if the
        differences are right. None if no two frames have one composition, or there is no error.
    """
    first, second = _pairs(groups)
    used = np.unique(np.concatenate([first, second]))
    if not len(used) or not errors[used].any():
        return None
    sizes = np.abs(errors[first] - errors[second])
    rng = np.random.default_rng(seed)
    means, ratios = [], []
    for sample in range(RESAMPLES + 1):
        # The frames as they are, then resampled: a frame is never paired with itself.
        drawn = rng.integers(0, len(used), len(used)) if sample else np.arange(len(used))
        weights = np.zeros(len(errors))
        weights[used] = np.bincount(drawn, minlength=len(used))
        pairs = weights[first] * weights[second]
        mean, scale = float(pairs.sum()), float(weights @ np.abs(errors))
        if mean > 0 and scale > 0:
            means.append(float(pairs @ sizes) / mean)
            ratios.append(means[-1] * weights.sum() / (math.sqrt(2.0) * scale))
    return _statistic(means[0], np.array(means)), _statistic(ratios[0], np.array(ratios))


def _pairs(groups: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs of frames of one group; of a large group those of some of its frames."""
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        members = members[:: -(-len(members) // MOST_PAIRED)]
        one, other = np.triu_indices(len(members), 1)
        first.append(members[one])
        second.append(members[other])
    return np.concatenate(first), np.concatenate(second)


def _statistic(value: float, samples: FloatArray) -> Statistic:
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(samples, [tail, 1.0 - tail])
    # A resample has fewer different frames: its interval may miss the value of all frames.
    return Statistic(value, (min(float(low), value), max(float(high), value)))
