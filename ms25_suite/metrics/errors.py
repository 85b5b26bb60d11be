"""Mean absolute and root mean square errors of energies, forces and stresses.

Definitions are equations 1 and 2 of Maxson et al., JCIM 2025 (MS25): energies per atom, forces
and stresses component by component. The interval is a percentile bootstrap over *frames*: the
components of one frame are not independent of each other, frames are taken to be. Where they are
not (frames of one trajectory), the interval is somewhat too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels, Predictions

__all__ = ["ErrorSummary", "Statistic", "components", "mean_absolute", "summarise_errors"]

CONFIDENCE = 0.95
RESAMPLES = 2000
"""Bootstrap resamples; the 2.5 % and 97.5 % points then rest on 50 resamples each."""
MIN_BOOTSTRAP = 30
"""Fewer frames get Student's t: the usual size from which resampling is trusted."""

N_WORST = 5


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number and its 95 % confidence interval (None if one frame is all there is)."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class ErrorSummary:
    """Errors of one quantity.

    Parameters
    ----------
    quantity
        ``energy`` (eV/atom), ``forces`` (eV/Å) or ``stress`` (eV/Å^3).
    mae, rmse
        Mean absolute and root mean square error.
    n_frames
        Frames behind the numbers.
    frames
        Indices of those frames, shape ``(n_frames,)``.
    reference, predicted
        Compared components, shape ``(n_components,)``.
    frame_errors
        Mean absolute error of each frame, shape ``(n_frames,)``.
    frame_counts
        Number of components of each frame, shape ``(n_frames,)``.
    """

    quantity: Quantity
    mae: Statistic
    rmse: Statistic
    n_frames: int
    frames: IntArray
    reference: FloatArray
    predicted: FloatArray
    frame_errors: FloatArray
    frame_counts: IntArray

    def worst_frames(self) -> list[tuple[int, float]]:
        """Frames with the largest mean absolute error, worst first."""
        order = np.argsort(self.frame_errors, kind="stable")[::-1][:N_WORST]
        return [(int(self.frames[k]), float(self.frame_errors[k])) for k in order]


def components(
    quantity: Quantity, frames: Frames, labels: Labels, predictions: Predictions
) -> tuple[FloatArray, FloatArray, IntArray] | None:
    """Reference and predicted components, and the frame of each.

    Parameters
    ----------
    quantity
        ``energy`` gives one component per frame (divided by the number of atoms), ``forces``
        three per atom, ``stress`` six per frame that has a stress on both sides.
    frames, labels, predictions
        Structures, and what reference and potential say of them.

    Returns
    -------
    :
        Three arrays of shape ``(n_components,)``, or None if either side has none of it.
    """
    if quantity == "energy":
        if labels.energy is None or predictions.energy is None:
            return None
        n_atoms = frames.n_atoms
        index = np.arange(len(frames), dtype=np.int64)
        return labels.energy / n_atoms, predictions.energy / n_atoms, index
    if quantity == "forces":
        if labels.forces is None or predictions.forces is None:
            return None
        index = np.repeat(frames.frame_of_atom, 3)
        return np.ravel(labels.forces), np.ravel(predictions.forces), index
    has_reference, has_predicted = labels.has_stress, predictions.has_stress
    if labels.stress is None or predictions.stress is None:
        return None
    if has_reference is None or has_predicted is None:
        return None
    both = np.flatnonzero(has_reference & has_predicted)
    if len(both) == 0:
        return None
    index = np.repeat(both, 6)
    return np.ravel(labels.stress[both]), np.ravel(predictions.stress[both]), index


def summarise_errors(
    quantity: Quantity,
    frames: Frames,
    labels: Labels,
    predictions: Predictions,
    *,
    seed: int = 0,
) -> ErrorSummary | None:
    """Errors of one quantity with bootstrap intervals; None if either side has none of it.

    Parameters
    ----------
    quantity
        What to compare.
    frames, labels, predictions
        Structures, and what reference and potential say of them.
    seed
        Seed of the bootstrap.

    Raises
    ------
    PredictionError
        The predictions are so large that their squared error is infinite.
    """
    found = components(quantity, frames, labels, predictions)
    if found is None:
        return None
    reference, predicted, index = found
    difference = predicted - reference
    used = np.unique(index)
    n_frames = len(frames)
    counts = np.bincount(index, minlength=n_frames)[used]
    absolute = _sum_by_frame(np.abs(difference), index, n_frames)[used]
    with np.errstate(over="ignore"):
        squared = _sum_by_frame(difference**2, index, n_frames)[used]
    huge = ~np.isfinite(squared)
    if huge.any():
        msg = f"the {quantity} predictions are absurdly large: the square of their error overflows"
        raise PredictionError(msg, tuple(int(frame) for frame in used[huge]))
    mae = _with_interval(absolute, counts, seed)
    mean_square = _with_interval(squared, counts, seed)
    interval = mean_square.interval
    rmse = Statistic(
        math.sqrt(mean_square.value),
        None if interval is None else (math.sqrt(interval[0]), math.sqrt(interval[1])),
    )
    return ErrorSummary(
        quantity=quantity,
        mae=mae,
        rmse=rmse,
        n_frames=len(used),
        frames=used,
        reference=reference,
        predicted=predicted,
        frame_errors=absolute / counts,
        frame_counts=counts,
    )


def mean_absolute(errors: FloatArray, *, seed: int = 0) -> Statistic:
    """Mean absolute value of independent errors, with the interval of those over frames.

    Parameters
    ----------
    errors
        One error each of what is independent (a curve, a composition), shape ``(n,)``, n > 0.
    seed
        Seed of the bootstrap.
    """
    return _with_interval(np.abs(errors), np.ones(len(errors), dtype=np.int64), seed)


def _sum_by_frame(values: FloatArray, index: IntArray, n_frames: int) -> FloatArray:
    sums = np.bincount(index, weights=values, minlength=n_frames)
    return np.asarray(sums, dtype=np.float64)


def _with_interval(sums: FloatArray, counts: IntArray, seed: int) -> Statistic:
    """Ratio of totals over frames, with a percentile bootstrap over frames.

    With few frames the bootstrap is too narrow; there the interval is Student's t of the
    linearised ratio (Cochran, Sampling Techniques, 3rd ed., section 6.3).
    """
    n = len(sums)
    value = float(sums.sum() / counts.sum())
    if n < 2:
        return Statistic(value, None)
    if n < MIN_BOOTSTRAP:
        from scipy.stats import t

        residuals = (sums - value * counts) / counts.mean()
        half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1) * residuals.std(ddof=1) / math.sqrt(n))
        return Statistic(value, (max(0.0, value - half), value + half))
    from scipy.stats import bootstrap

    def ratio(sums: Any, counts: Any, axis: int = -1) -> Any:
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    found = bootstrap(
        (sums, counts.astype(float)),
        ratio,
        paired=True,
        vectorized=True,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        batch=100,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Statistic(value, (float(found.low), float(found.high)))


def per_element_force_mae(
    numbers: npt.ArrayLike, reference: FloatArray, predicted: FloatArray
) -> Mapping[int, float]:
    """Mean absolute error of force components for each element.

    Parameters
    ----------
    numbers
        Atomic number of each atom, shape ``(n_atoms,)``.
    reference, predicted
        Force components in eV/Å, shape ``(3 * n_atoms,)``.

    Returns
    -------
    :
        Atomic number to MAE in eV/Å.
    """
    elements = np.repeat(np.asarray(numbers), 3)
    errors = np.abs(predicted - reference)
    return {int(z): float(errors[elements == z].mean()) for z in np.unique(elements)}
