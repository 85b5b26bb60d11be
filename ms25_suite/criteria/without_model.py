"""Baseline predictions, for comparison with the errors of a potential."""

from __future__ import annotations

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.baseline import MeanBaseline

__all__ = ["fit_baseline", "predict_without_model"]


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
