"""The size of an error without a model, for comparison with the errors of a potential."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.errors import ErrorSummary, components
from ms25_suite.potentials.baseline import MeanBaseline, element_energies

__all__ = ["error_without_model", "fit_baseline", "predict_without_model"]

FEWEST: Final = 6
"""Frames from which on a constant is fitted to the test frames."""

FRAMES_PER_CONSTANT: Final = 3
"""Frames for each constant that is fitted to the test frames: a fit to fewer would also describe
what is chance in them."""


def fit_baseline(dataset: Dataset) -> MeanBaseline:
    """Baseline of a dataset, fitted to all training frames of set 1.

    Raises
    ------
    DatasetError
        The dataset has no training frames, or no energies.
    """
    # Training frames only: a baseline that was fitted to the test frames would be too good.
    frames, labels = dataset.part(dataset.splits.train(set=1))
    if labels.energy is None:
        msg = f"{dataset.name} has no energies to fit a baseline to"
        raise DatasetError(msg)
    return MeanBaseline.fit(frames, labels)


def predict_without_model(dataset: Dataset, frames: Frames) -> Predictions | None:
    """The baseline's predictions; None if the dataset has none, or the frames other elements."""
    try:
        baseline = fit_baseline(dataset)
    except DatasetError:
        return None
    return baseline.predict(frames) if set(frames.elements) <= set(baseline.elements) else None


def error_without_model(
    errors: ErrorSummary, frames: Frames, labels: Labels, baseline: Predictions | None
) -> float | None:
    """Smallest mean absolute error of predictions that do not look at the structure.

    A number is worth nothing if it is no smaller, whatever its threshold. Compared are the baseline
    of the training frames, zero forces and stresses, and the constants that fit the test frames
    best: an energy for each element, and each component of a stress. With the last ones, a
    potential without information cannot be better by the luck of its constants.

    Parameters
    ----------
    errors
        Errors of a potential, with the labels of the frames that it is judged on.
    frames, labels
        The compared frames.
    baseline
        Baseline of the training frames on the same frames; None without.

    Returns
    -------
    :
        In the unit of the errors; None if there are too few frames to tell.
    """
    reference, found = errors.reference, []
    if baseline is not None:
        compared = components(errors.quantity, frames, labels, baseline)
        if compared is not None:
            found.append(compared[1] - compared[0])
    if errors.quantity == "forces":
        found.append(reference)
    elif errors.quantity == "stress":
        rows = reference.reshape(-1, 6)
        found.append(reference)
        if errors.n_frames >= FEWEST:
            # The median is the constant with the smallest mean absolute error.
            found.append(rows - np.median(rows, axis=0))
    else:
        used = frames.select(errors.frames)
        n_constants = len(used.elements)
        if errors.n_frames >= max(FEWEST, FRAMES_PER_CONSTANT * n_constants):
            fitted = MeanBaseline(
                used.elements,
                tuple(element_energies(used, reference * used.n_atoms).tolist()),
                None,
            )
            rest = reference - np.asarray(fitted.predict(used).energy) / used.n_atoms
            found.append(rest - np.median(rest))
    return min((float(np.abs(error).mean()) for error in found), default=None)
