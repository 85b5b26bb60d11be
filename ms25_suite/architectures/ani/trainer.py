"""Training of ANI. TorchANI has networks, but no training program: ours is `run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer

__all__ = ["CHECKPOINT", "AniTrainer"]

CHECKPOINT: Final = "checkpoint.pt"


class AniTrainer(Trainer):
    """Trains ANI; the model holds the weights of the epoch with the lowest validation loss."""

    architecture = TorchaniArchitecture
    suffix = ".pt"
    module = "ms25_suite.architectures.ani.run"
    cutoff_key = "radial_cutoff"

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """All values of a training; see `Trainer.settings`."""
        from ase.data import chemical_symbols

        chosen = super().settings(recipe, request, data)
        # TorchANI requires that the angular cutoff is shorter than the radial one.
        chosen["angular_cutoff"] = min(chosen["angular_cutoff"], 0.9 * chosen["radial_cutoff"])
        # Ascending atomic numbers, the order of `element_energies`.
        chosen["symbols"] = [chemical_symbols[z] for z in data.train[0].elements]
        return chosen
