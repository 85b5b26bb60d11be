"""Energies and forces of predictions, which may be missing or not finite for some frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, Predictions

__all__ = ["Predict", "energies_and_forces", "predict_finite"]

Predict = Callable[[Frames], Predictions]
"""Function that predicts all frames at once."""


def energies_and_forces(predictions: Predictions) -> tuple[FloatArray, FloatArray]:
    """Energies and forces of predictions that need both.

    Returns
    -------
    energies, forces
        In eV, shape ``(n_frames,)``, and in eV/Å, shape ``(n_all_atoms, 3)``.

    Raises
    ------
    ValueError
        Energies or forces are missing.
    """
    if predictions.energy is None or predictions.forces is None:
        msg = "expected predictions with energies and forces, found one of them missing"
        raise ValueError(msg)
    return predictions.energy, predictions.forces


def predict_finite(predict: Predict, frames: Frames) -> tuple[Predictions, BoolArray]:
    """Energies and forces of those frames for which they are finite.

    Parameters
    ----------
    predict
        Predicts all frames at once, or raises `NotFiniteError` with the frames that have NaN or
        infinity.
    frames
        Frames to predict.

    Returns
    -------
    predictions, finite
        Energies in eV and forces in eV/Å of all frames, NaN where they are not finite, and
        whether they are, shape ``(n_frames,)``. Stresses are left out.

    Raises
    ------
    PredictionError
        The potential raised.
    """
    left = np.arange(len(frames), dtype=np.int64)
    found = Predictions()
    while len(left):
        try:
            found = predict(frames if len(left) == len(frames) else frames.select(left))
            break
        except NotFiniteError as error:
            # Predict again without the frames that failed. Each error removes at least one.
            left = np.delete(left, list(error.frames))
    energy = np.full(len(frames), np.nan)
    forces = np.full((len(frames.numbers), 3), np.nan)
    finite = np.zeros(len(frames), dtype=np.bool_)
    finite[left] = True
    if len(left):
        energy[left] = found.energy
        forces[finite[frames.frame_of_atom]] = found.forces
    return Predictions(energy, forces), finite
