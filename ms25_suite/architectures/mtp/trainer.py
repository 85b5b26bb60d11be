"""Training of moment tensor potentials; the training program is `run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ms25_suite.architectures.mtp.model import MtpArchitecture, require_supported
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer

__all__ = ["MtpTrainer"]


class MtpTrainer(Trainer):
    """Trains MTP; the model holds the parameters of the step with the lowest validation loss.

    An epoch of other architectures is a step of the minimisation here: each step uses all
    training frames.
    """

    architecture = MtpArchitecture
    suffix = ".mtp"
    module = "ms25_suite.architectures.mtp.run"
    recipe_only = frozenset({"halved_at", "forces_weight_over_atoms"})
    cpu_only = True
    weights = "parameters"

    def require_installed(self) -> None:
        """Make sure that motep is installed, in a version that can be used.

        Raises
        ------
        ArchitectureNotInstalledError
            It is not.
        """
        super().require_installed()
        require_supported()

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """All values of a training; see `Trainer.settings`."""
        from ase.data import chemical_symbols

        chosen = super().settings(recipe, request, data)
        frames = data.train[0]
        if "forces_weight_over_atoms" in recipe:
            # MS25 ("MTP Training Procedure"): 0.02 / N, with N the mean number of atoms of a frame.
            n_atoms = float(frames.n_atoms.mean())
            chosen["forces_weight"] = recipe["forces_weight_over_atoms"] / n_atoms
        chosen["symbols"] = [chemical_symbols[z] for z in frames.elements]
        # MS25 halves the epochs of its smallest training set.
        if len(frames) <= recipe.get("halved_at", 0):
            chosen["max_num_epochs"] = round(chosen["max_num_epochs"] / 2)
        return chosen

    def dtype(self, settings: Mapping[str, Any]) -> str:
        """Floating-point type of the model: motep computes in double precision only."""
        del settings
        return "float64"
