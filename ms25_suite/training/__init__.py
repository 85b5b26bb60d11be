"""Training of potentials on the frames of a dataset: what all architectures share.

An architecture brings a trainer and a recipe of its own, for instance
`ms25_suite.architectures.mace.trainer` with ``mace.toml`` beside it; see
`ms25_suite.potentials.registry.get_trainer`. Request, cache, lock, process, progress and manifest
are here.
"""

from __future__ import annotations

from ms25_suite.training.manifest import Manifest
from ms25_suite.training.progress import RichProgress, SilentProgress, TrainingProgress
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.runner import TrainedModel, train
from ms25_suite.training.trainer import Trainer

__all__ = [
    "Manifest",
    "RichProgress",
    "SilentProgress",
    "TrainedModel",
    "Trainer",
    "TrainingData",
    "TrainingProgress",
    "TrainingRequest",
    "train",
]
