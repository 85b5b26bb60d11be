"""Mean absolute and root mean square errors of energies, forces and stresses.

The definitions are equations 1 and 2 of Maxson et al., JCIM 2025 (MS25): energies per atom, forces
and stresses per component. The intervals are those of `ms25_suite.metrics.intervals`, over *frames*
or trajectories and not over components: the components of one frame are correlated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels, Predictions
from ms25_suite.metrics.intervals import MIN_SQUARED, Statistic, mean_interval, root_ends

__all__ = [
    "CONFIDENCE",
    "ErrorSummary",
    "Statistic",
    "components",
    "mean_absolute",
    "per_element_force_mae",
    "summarise_errors",
]

CONFIDENCE: Final = 0.95
"""Confidence level of the intervals of lines (rates, drifts)."""

N_WORST: Final = 5
"""Number of frames with the largest errors that are reported."""


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
        Number of frames with this quantity in labels and predictions.
    frames
        Indices of those frames, shape ``(n_frames,)``.
    reference, predicted
        Compared components in the unit of the quantity, shape ``(n_components,)``.
    frame_errors
        Mean absolute error of each frame, shape ``(n_frames,)``.
    frame_squares
        Mean squared error of each of them, same shape.
    frame_counts
        Number of components of each frame, shape ``(n_frames,)``.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``; None if all frames are taken
        to be independent.
    """

    quantity: Quantity
    mae: Statistic
    rmse: Statistic
    n_frames: int
    frames: IntArray
    reference: FloatArray
    predicted: FloatArray
    frame_errors: FloatArray
    frame_squares: FloatArray
    frame_counts: IntArray
    groups: IntArray | None = None

    def worst_frames(self) -> list[tuple[int, float]]:
        """Index and mean absolute error of the five frames with the largest error, worst first."""
        order = np.argsort(self.frame_errors, kind="stable")[::-1][:N_WORST]
        return [(int(self.frames[k]), float(self.frame_errors[k])) for k in order]

    def mae_by(self, kinds: npt.NDArray[np.str_]) -> dict[str, tuple[float, int]]:
        """Mean absolute error over the components of each kind of frame, and number of frames.

        Parameters
        ----------
        kinds
            Kind of each frame of the comparison, also of those without the quantity.
        """
        own = np.asarray(kinds)[self.frames]
        found = {}
        for kind in np.unique(own):
            chosen = own == kind
            counts = self.frame_counts[chosen]
            mae = float(self.frame_errors[chosen] @ counts / counts.sum())
            found[str(kind)] = (mae, int(chosen.sum()))
        return found


def components(
    quantity: Quantity, frames: Frames, labels: Labels, predictions: Predictions
) -> tuple[FloatArray, FloatArray, IntArray] | None:
    """Components of labels and predictions, and the frame of each component.

    Parameters
    ----------
    quantity
        ``energy`` gives one component per frame (divided by the number of atoms, in eV/atom),
        ``forces`` three per atom (eV/Å), ``stress`` six per frame with a stress in both labels and
        predictions (eV/Å^3). Frames without the label are left out.
    frames
        The structures.
    labels, predictions
        Values from the reference and from the potential.

    Returns
    -------
    :
        Labels, predictions and frame indices, each of shape ``(n_components,)``; None if labels or
        predictions lack the quantity.
    """
    reference, predicted = getattr(labels, quantity), getattr(predictions, quantity)
    # Each quantity may be on some frames only. A potential has no stress for molecules and slabs;
    # energies and forces it has for all frames.
    has = labels.has(quantity, frames.offsets)
    has_predicted = predictions.has_stress if quantity == "stress" else has
    if reference is None or predicted is None or has is None or has_predicted is None:
        return None
    used = np.flatnonzero(has & has_predicted)
    if len(used) == 0:
        return None
    if quantity == "energy":
        n_atoms = frames.n_atoms[used]
        return reference[used] / n_atoms, predicted[used] / n_atoms, used
    if quantity == "forces":
        atoms = np.isin(frames.frame_of_atom, used)
        index = np.repeat(frames.frame_of_atom[atoms], 3)
        return np.ravel(reference[atoms]), np.ravel(predicted[atoms]), index
    return np.ravel(reference[used]), np.ravel(predicted[used]), np.repeat(used, 6)


def summarise_errors(
    quantity: Quantity,
    frames: Frames,
    labels: Labels,
    predictions: Predictions,
    *,
    groups: IntArray | None = None,
) -> ErrorSummary | None:
    """Mean absolute and root mean square error of one quantity, with 95 % intervals.

    Parameters
    ----------
    quantity
        Quantity to compare.
    frames
        The structures.
    labels, predictions
        Values from the reference and from the potential.
    groups
        Number of the trajectory of each frame, shape ``(n_frames,)``: the frames of one are not
        independent. None if all are.

    Returns
    -------
    :
        The errors; None if labels or predictions lack the quantity.

    Raises
    ------
    PredictionError
        The predictions are so large that their squared error overflows; lists the frames.
    """
    found = components(quantity, frames, labels, predictions)
    if found is None:
        return None
    reference, predicted, index = found
    difference = predicted - reference
    # Totals and numbers of components per frame are all that the intervals need.
    used = np.unique(index)
    n_frames = len(frames)
    counts = np.bincount(index, minlength=n_frames)[used]
    absolute = _sum_by_frame(np.abs(difference), index, n_frames)[used]
    with np.errstate(over="ignore"):
        squared = _sum_by_frame(difference**2, index, n_frames)[used]
    huge = ~np.isfinite(squared)
    if huge.any():
        msg = f"the {quantity} predictions are so large that the square of their error overflows"
        raise PredictionError(msg, tuple(int(frame) for frame in used[huge]))
    own = None if groups is None else np.asarray(groups)[used]
    mae = mean_interval(absolute, counts, own)
    rmse = _root(mean_interval(squared, counts, own), mae)
    return ErrorSummary(
        quantity=quantity,
        mae=mae,
        rmse=rmse,
        n_frames=len(used),
        frames=used,
        reference=reference,
        predicted=predicted,
        frame_errors=absolute / counts,
        frame_squares=squared / counts,
        frame_counts=counts,
        groups=own,
    )


def _root(mean_square: Statistic, mae: Statistic) -> Statistic:
    """Root mean square error, whose interval is not below that of the mean absolute error."""
    value, ends = math.sqrt(mean_square.value), None
    if mean_square.interval is not None and mae.interval is not None:
        _, low, high = root_ends(
            (mean_square.value, *mean_square.interval), (mae.value, *mae.interval)
        )
        ends = (float(low), float(high))
    known, doubt = mean_square.independent or 0.0, mean_square.doubt
    if not doubt and known < MIN_SQUARED:
        doubt = f"an RMSE needs {MIN_SQUARED} independent frames, and there are {known:.3g}"
    return replace(mean_square, value=value, interval=ends, doubt=doubt)


def mean_absolute(errors: FloatArray) -> Statistic:
    """Mean absolute value of independent errors, with a 95 % interval as for frames.

    Parameters
    ----------
    errors
        One error for each independent item (a curve, a composition), shape ``(n,)``, ``n > 0``.

    Examples
    --------
    >>> round(mean_absolute(np.array([0.1, -0.2, 0.3])).value, 6)
    0.2
    >>> mean_absolute(np.array([0.1])).interval is None
    True
    """
    return mean_interval(np.abs(errors))


def _sum_by_frame(values: FloatArray, index: IntArray, n_frames: int) -> FloatArray:
    sums = np.bincount(index, weights=values, minlength=n_frames)
    return np.asarray(sums, dtype=np.float64)


def per_element_force_mae(
    numbers: npt.ArrayLike, reference: FloatArray, predicted: FloatArray
) -> Mapping[int, float]:
    """Mean absolute error of the force components of each element.

    Parameters
    ----------
    numbers
        Atomic number of each atom, shape ``(n_atoms,)``.
    reference, predicted
        Force components in eV/Å, shape ``(3 * n_atoms,)``.

    Returns
    -------
    :
        MAE in eV/Å by atomic number.

    Examples
    --------
    >>> per_element_force_mae([8, 14], np.zeros(6), np.array([1, 1, 1, -2, -2, -2]))
    {8: 1.0, 14: 2.0}
    """
    elements = np.repeat(np.asarray(numbers), 3)
    errors = np.abs(predicted - reference)
    return {int(z): float(errors[elements == z].mean()) for z in np.unique(elements)}
