"""Energies without the constants of the elements, fitted to frames that are not judged."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.errors import DatasetError, NotJudgedError, PredictionError
from ms25_suite.core.frames import IntArray
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.decomposition.alignment import FRAMES_PER_ELEMENT, Alignment, fit_alignment
from ms25_suite.potentials.potential import Potential

__all__ = ["MOST_FRAMES", "alignment_of"]

MOST_FRAMES: Final = 200
"""Frames that are predicted for the fit. Its error is that of the mean of as many frames, a small
part of the interval of the error itself."""


def alignment_of(
    potential: Potential, dataset: Dataset, number: int, judged: IntArray, *, seed: int = 0
) -> Alignment:
    """Constants of the elements for a potential on a dataset.

    They are fitted to the validation frames, or to the training frames where those are too few.

    Parameters
    ----------
    potential, dataset
        The potential, and the dataset whose energies it is compared with.
    number
        Number of the set.
    judged
        Frames that are judged, which are never among those of the fit.
    seed
        Seed of the bootstrap.

    Raises
    ------
    NotJudgedError
        The dataset has too few such frames.
    PredictionError
        The potential cannot predict them; frames are numbered as in the dataset.
    """
    energies = dataset.labels.energy
    if energies is None:
        msg = f"energies cannot be aligned: {dataset.name} has no energy labels"
        raise NotJudgedError(msg)
    needed = FRAMES_PER_ELEMENT * len(dataset.frames.elements)
    splits, usable = dataset.splits, {}
    for words in ("validation", "training"):
        try:
            part = (
                splits.validation(set=number) if words == "validation" else splits.train(set=number)
            )
        except DatasetError:
            continue
        found = np.setdiff1d(part, judged)
        found = found[np.isfinite(np.asarray(energies)[found])]
        if len(found) >= needed:
            usable[words] = found
    if not usable:
        msg = (
            f"energies cannot be aligned: {dataset.name} has fewer than {needed} training or "
            "validation frames with an energy that are no test frames. Add some ([splits] in a "
            "card), or leave out --align"
        )
        raise NotJudgedError(msg)
    words, indices = next(iter(usable.items()))
    # Evenly over the part: neighbours of a trajectory say the same twice.
    indices = indices[:: -(-len(indices) // MOST_FRAMES)]
    frames, labels = dataset.part(indices)
    try:
        predicted = potential.predict(frames).energy
    except PredictionError as error:
        error.frames = tuple(int(indices[frame]) for frame in error.frames)
        raise
    where = f"the {len(indices)} {words} frames of {dataset.name}"
    return fit_alignment(
        frames,
        np.asarray(labels.energy),
        np.asarray(predicted),
        where,
        groups=dataset.groups(indices),
        seed=seed,
    )
