"""Training of potentials on the frames of a dataset.

One architecture is one trainer module (`ms25_suite.architectures.mace.trainer`) and one recipe file
(``recipes/mace.toml``), listed in `ms25_suite.training.registry`. The rest (cache, lock, manifest,
processes, progress) is shared.
"""

from __future__ import annotations

from ms25_suite.training.progress import RichProgress, SilentProgress, TrainingProgress
from ms25_suite.training.registry import budgets, trainable
from ms25_suite.training.request import TrainedModel, TrainingData, TrainingRequest
from ms25_suite.training.runner import train

__all__ = [
    "RichProgress",
    "SilentProgress",
    "TrainedModel",
    "TrainingData",
    "TrainingProgress",
    "TrainingRequest",
    "budgets",
    "train",
    "trainable",
]
