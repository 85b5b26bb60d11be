"""Training of ANI: TorchANI has networks, but no training script; ours is `ani_run`."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path
from ms25_suite.training.curve import EpochReport, drop_half_line, epoch_report
from ms25_suite.training.files import write_arrays
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import (
    evenly,
    installed_versions,
    number_of_epochs,
    number_of_validation,
    read_outcome,
    require_package,
    system_values,
)

__all__ = ["BEST", "CHECKPOINT", "CONFIG", "OUTCOME", "RESULTS", "AniTrainer"]

CONFIG: Final = "ani.json"
RESULTS: Final = "results.jsonl"
CHECKPOINT: Final = "checkpoint.pt"
BEST: Final = "best.pt"
OUTCOME: Final = "outcome.json"

_DISTRIBUTIONS: Final = ("torchani", "torch")

# Values of a recipe that say how to find others.
_OWN: Final = {
    "version",
    "radial_cutoff_limit",
    "radial_cutoff_default",
    "frame_passes",
    "epochs_least",
    "epochs_most",
    "max_validation",
    "threads_most",
    "seconds_per_frame",
    "systems",
    "system_aliases",
}


class AniTrainer:
    """Runs ``ms25_suite.architectures.ani.run`` in a work folder.

    The model that comes out holds the weights of the epoch with the lowest validation loss.
    """

    name = "ani"
    suffix = ".pt"

    def require_installed(self) -> None:
        """Make sure that TorchANI can be imported.

        Raises
        ------
        ArchitectureNotInstalledError
            It cannot.
        """
        require_package("ANI", "torchani", "torchani")

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a trained model depends on."""
        return installed_versions(_DISTRIBUTIONS)

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Every value of a training.

        Raises
        ------
        TrainingError
            The recipe has hyperparameters for named systems only, and the data is none of them.
        """
        from ase.data import chemical_symbols

        chosen = {key: value for key, value in recipe.items() if key not in _OWN}
        if "systems" in recipe:
            chosen.update(system_values(recipe, data))
        n_train = len(data.train[0])
        cutoff = data.cutoff if data.cutoff is not None else recipe["radial_cutoff_default"]
        chosen["radial_cutoff"] = float(min(cutoff, recipe.get("radial_cutoff_limit", cutoff)))
        # TorchANI wants the triples to end before the pairs.
        chosen["angular_cutoff"] = min(chosen["angular_cutoff"], 0.9 * chosen["radial_cutoff"])
        chosen["symbols"] = [chemical_symbols[z] for z in data.train[0].elements]
        chosen["batch_size"] = min(chosen["batch_size"], n_train)
        chosen["seed"] = request.seed
        if "frame_passes" in recipe:
            chosen["max_num_epochs"] = number_of_epochs(recipe, n_train)
        if "seconds_per_frame" in recipe:
            chosen["seconds_most"] = recipe["seconds_per_frame"] * n_train
        chosen["n_validation"] = number_of_validation(recipe, data)
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs of a training; it may end earlier where the recipe says so."""
        return int(settings["max_num_epochs"])

    def describe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Cutoff radius and floating-point type of the model."""
        return {"r_max": settings["radial_cutoff"], "dtype": settings["dtype"]}

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write frames and configuration, and mend what a killed run left.

        Returns
        -------
        :
            Command to run in the work folder.
        """
        write_arrays(work / "train.npz", data.train)
        write_arrays(work / "validation.npz", evenly(data.validation, settings["n_validation"]))
        with atomic_path(work / CONFIG) as temporary:
            text = json.dumps({**settings, "device": device.split(":")[0]}, indent=1)
            temporary.write_text(text, encoding="utf-8")
        for name in (CHECKPOINT, BEST):
            if (work / name).exists() and not zipfile.is_zipfile(work / name):
                (work / name).unlink()
        drop_half_line(work / RESULTS)
        return [sys.executable, "-m", "ms25_suite.architectures.ani.run", str(os.getpid()), CONFIG]

    def results_file(self, work: Path) -> Path:
        """File of JSON lines, one for each epoch."""
        return work / RESULTS

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of an epoch."""
        return epoch_report(record)

    def result(self, work: Path) -> tuple[Path, int, dict[str, Any]]:
        """Model file of a finished training, its epoch, and how it was chosen.

        Raises
        ------
        TrainingError
            The run left no model.
        """
        return work / BEST, *read_outcome(work / OUTCOME, "ANI", "weights")
