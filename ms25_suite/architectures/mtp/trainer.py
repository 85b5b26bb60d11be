"""Training of moment tensor potentials; the run itself is `mtp_run`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.architectures.mtp.model import require_supported
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import TrainingError
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

__all__ = ["BEST", "CHECKPOINT", "CONFIG", "OUTCOME", "RESULTS", "MtpTrainer"]

CONFIG: Final = "mtp.json"
RESULTS: Final = "results.jsonl"
CHECKPOINT: Final = "checkpoint.npz"
BEST: Final = "best.mtp"
OUTCOME: Final = "outcome.json"

# Values of a recipe that say how to find others.
_OWN: Final = {
    "version",
    "r_max_limit",
    "r_max_default",
    "frame_passes",
    "epochs_least",
    "epochs_most",
    "max_validation",
    "threads_most",
    "seconds_per_frame",
    "halved_at",
    "forces_weight_over_atoms",
    "systems",
    "system_aliases",
}


class MtpTrainer:
    """Runs ``ms25_suite.architectures.mtp.run`` in a work folder.

    What is an epoch elsewhere is a step of the minimisation here: each uses all training frames.
    The model that comes out holds the parameters of the step with the lowest validation loss.
    """

    name = "mtp"
    suffix = ".mtp"

    def require_installed(self) -> None:
        """Make sure that motep can be imported, in a version that is known.

        Raises
        ------
        ArchitectureNotInstalledError
            It cannot.
        """
        require_package("MTP", "motep", "motep")
        require_supported()

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a trained model depends on."""
        return installed_versions(("motep",))

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Every value of a training, but the shortest distance, which the frames have.

        Raises
        ------
        TrainingError
            The recipe has hyperparameters for named systems only, and the data is none of them.
        """
        from ase.data import chemical_symbols

        chosen = {key: value for key, value in recipe.items() if key not in _OWN}
        if "systems" in recipe:
            chosen.update(system_values(recipe, data))
        frames = data.train[0]
        cutoff = data.cutoff if data.cutoff is not None else recipe["r_max_default"]
        chosen["r_max"] = float(min(cutoff, recipe.get("r_max_limit", cutoff)))
        if "forces_weight_over_atoms" in recipe:
            chosen["forces_weight"] = recipe["forces_weight_over_atoms"] / float(
                frames.n_atoms.mean()
            )
        chosen["symbols"] = [chemical_symbols[z] for z in frames.elements]
        chosen["seed"] = request.seed
        if "frame_passes" in recipe:
            chosen["max_num_epochs"] = number_of_epochs(recipe, len(frames))
        if len(frames) <= recipe.get("halved_at", 0):
            chosen["max_num_epochs"] = round(chosen["max_num_epochs"] / 2)
        if "seconds_per_frame" in recipe:
            chosen["seconds_most"] = recipe["seconds_per_frame"] * len(frames)
        chosen["n_validation"] = number_of_validation(recipe, data)
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of steps of the minimisation; it may end earlier where nothing is left to gain."""
        return int(settings["max_num_epochs"])

    def describe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Cutoff radius and floating-point type of the model."""
        return {"r_max": settings["r_max"], "dtype": "float64"}

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write frames and configuration, and mend what a killed run left.

        Returns
        -------
        :
            Command to run in the work folder.

        Raises
        ------
        TrainingError
            Another device than the CPU is asked for.
        """
        if device != "cpu":
            msg = f"MTP trains on the CPU only, but device {device!r} was asked for: --device=cpu"
            raise TrainingError(msg)
        write_arrays(work / "train.npz", data.train)
        write_arrays(work / "validation.npz", evenly(data.validation, settings["n_validation"]))
        with atomic_path(work / CONFIG) as temporary:
            temporary.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        drop_half_line(work / RESULTS)
        return [sys.executable, "-m", "ms25_suite.architectures.mtp.run", str(os.getpid()), CONFIG]

    def results_file(self, work: Path) -> Path:
        """File of JSON lines, one for each step."""
        return work / RESULTS

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of a step."""
        return epoch_report(record)

    def result(self, work: Path) -> tuple[Path, int, dict[str, Any]]:
        """Model file of a finished training, its step, and how it was chosen.

        Raises
        ------
        TrainingError
            The run left no model.
        """
        return work / BEST, *read_outcome(work / OUTCOME, "MTP", "parameters")
