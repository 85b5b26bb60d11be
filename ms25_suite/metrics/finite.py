"""Asking for many frames of which some may have no finite prediction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, Frames, Predictions

__all__ = ["Predict", "predict_finite"]

Predict = Callable[[Frames], Predictions]
"""Something that predicts all frames at once."""


def predict_finite(predict: Predict, frames: Frames) -> tuple[Predictions, BoolArray]:
    """Energies and forces of those frames for which they are finite.

    Parameters
    ----------
    predict
        Raises `NotFiniteError` where it has frames without finite predictions.
    frames
        What to predict.

    Returns
    -------
    predictions, finite
        Energies in eV and forces in eV/Å of all frames, NaN where they are not finite, and
        whether they are, shape ``(n_frames,)``. There is no stress.

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
            # What is left may be asked for again: frames that are known come from the cache.
            left = np.delete(left, list(error.frames))
    energy = np.full(len(frames), np.nan)
    forces = np.full((len(frames.numbers), 3), np.nan)
    finite = np.zeros(len(frames), dtype=np.bool_)
    finite[left] = True
    if len(left):
        energy[left] = found.energy
        forces[finite[frames.frame_of_atom]] = found.forces
    return Predictions(energy, forces), finite
