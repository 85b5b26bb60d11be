"""Frames of a dataset for a training."""

from __future__ import annotations

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.training.request import TrainingData, TrainingRequest

__all__ = ["training_data"]


def training_data(dataset: Dataset, request: TrainingRequest) -> TrainingData:
    """Frames to train on and to stop by: those of the dataset's own splits.

    Raises
    ------
    DatasetError
        The dataset has no such set, not as many training frames, or no validation frames.
    LabelError
        Energies or forces are missing or not finite.
    """
    splits = dataset.splits
    return TrainingData(
        name=dataset.name,
        sha256=dataset.sha256,
        level_of_theory=dataset.card.level_of_theory,
        tier=dataset.tier,
        cutoff=dataset.card.cutoff,
        train=dataset.part(splits.train(request.n_train, set=request.set)),
        validation=dataset.part(splits.validation(set=request.set)),
        system=dataset.name,
    )
