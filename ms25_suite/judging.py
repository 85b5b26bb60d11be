"""Asking potentials for the unseen test frames of datasets, each pair of them once."""

from __future__ import annotations

import time
from collections import OrderedDict

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.errors import PredictionError
from ms25_suite.judged import JudgedFrames
from ms25_suite.metrics.consistency import Inconsistency
from ms25_suite.potentials.potential import Potential
from ms25_suite.unseen import unseen_frames
from ms25_suite.without_model import predict_without_model

__all__ = ["FrameJudge"]

KEPT = 8
"""Pairs that are kept: all frameworks that a potential is transferred to, and its own."""


class FrameJudge:
    """Predictions for the test frames that a potential was not trained on.

    Several checks ask for the same ones, and not every potential has a cache.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Potential, str, str], JudgedFrames] = OrderedDict()

    def __call__(self, potential: Potential, dataset: Dataset) -> JudgedFrames:
        """Test frames of a dataset, their labels, and what a potential says of them.

        Raises
        ------
        DatasetError
            The potential has seen all test frames.
        PotentialError
            It cannot predict them; frames are numbered as in the dataset.
        """
        key = (potential, dataset.name, dataset.sha256)
        if key not in self._known:
            self._known[key] = _judge(potential, dataset)
        self._known.move_to_end(key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return self._known[key]


def _judge(potential: Potential, dataset: Dataset) -> JudgedFrames:
    start = time.perf_counter()
    indices, remarks = unseen_frames(potential, dataset)
    frames, labels = dataset.part(indices)
    try:
        predictions = potential.predict(frames)
    except PredictionError as error:
        error.frames = tuple(int(indices[frame]) for frame in error.frames)
        raise
    duration = time.perf_counter() - start
    if potential.cache_problem:
        remarks = (*remarks, Inconsistency("cache", potential.cache_problem))
    baseline = predict_without_model(dataset, frames)
    return JudgedFrames(indices, frames, labels, predictions, duration, remarks, baseline)
