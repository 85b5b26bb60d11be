"""Training of MACE through its own training script."""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.errors import TrainingError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.training.curve import EpochReport, drop_half_line
from ms25_suite.training.files import write_extxyz
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import (
    evenly,
    installed_versions,
    number_of_epochs,
    number_of_validation,
    require_package,
    system_values,
)

__all__ = ["MaceTrainer"]

_NAME: Final = "model"
_OUTPUT: Final = "output"
_CONFIG: Final = "mace.yaml"
_DISTRIBUTIONS: Final = ("mace-torch", "torch", "e3nn")
_ERRORS: Final = {
    "energy_rmse": "rmse_e_per_atom",
    "energy_mae": "mae_e_per_atom",
    "forces_rmse": "rmse_f",
    "forces_mae": "mae_f",
    "stress_rmse": "rmse_stress",
    "stress_mae": "mae_stress",
}
_CHECKPOINT: Final = re.compile(r"_epoch-(\d+)(_swa)?\.pt")

# Values of a recipe that are the suite's own, not options of MACE.
_OWN: Final = {
    "version",
    "r_max_limit",
    "r_max_default",
    "frame_passes",
    "epochs_least",
    "epochs_most",
    "stage_two_fraction",
    "lr_final",
    "max_validation",
    "threads_most",
    "systems",
    "system_aliases",
}


class MaceTrainer:
    """Runs ``mace.cli.run_train`` in a work folder.

    The model that comes out holds the weights of the epoch with the lowest validation loss: of
    stage two, where the recipe has one (the losses of the stages weigh differently and cannot be
    compared), else of the whole run. With ``ema`` these are the exponentially averaged weights,
    which MACE validates and saves in place of the momentary ones. MACE's "SWA" averages nothing
    that it saves: stage two is a change of loss weights and learning rate.
    """

    name = "mace"
    suffix = ".model"

    def require_installed(self) -> None:
        """Make sure that MACE can be imported.

        Raises
        ------
        ArchitectureNotInstalledError
            It cannot.
        """
        require_package("MACE", "mace", "mace-torch")

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a trained model depends on."""
        return installed_versions(_DISTRIBUTIONS)

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Options of ``mace_run_train`` without paths, names and device.

        Raises
        ------
        TrainingError
            The recipe has hyperparameters for named systems only, and the data is none of them.
        """
        chosen = {key: value for key, value in recipe.items() if key not in _OWN}
        if "systems" in recipe:
            chosen.update(system_values(recipe, data))
        cutoff = data.cutoff if data.cutoff is not None else recipe["r_max_default"]
        chosen["r_max"] = float(min(cutoff, recipe.get("r_max_limit", cutoff)))
        n_train = len(data.train[0])
        # MACE leaves out the last, smaller batch: more frames to a batch than there are would
        # train on nothing at all.
        chosen["batch_size"] = min(chosen["batch_size"], n_train)
        chosen["seed"] = request.seed
        if "frame_passes" in recipe:
            chosen["max_num_epochs"] = number_of_epochs(recipe, n_train)
        total = chosen["max_num_epochs"]
        first_stage = total
        if "stage_two_fraction" in recipe:
            first_stage = max(1, min(total - 1, round(total * (1 - recipe["stage_two_fraction"]))))
            chosen["swa"] = True
            chosen["start_swa"] = first_stage
        if "lr_final" in recipe:
            # One step for each epoch of the first stage but the first.
            steps = max(1, first_stage - 1)
            chosen["lr_scheduler_gamma"] = (recipe["lr_final"] / chosen["lr"]) ** (1 / steps)
        # Neither of both may end a training before its number of epochs is reached.
        chosen["patience"] = total + 1
        chosen["n_validation"] = number_of_validation(recipe, data)
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs of a training."""
        return int(settings["max_num_epochs"])

    def describe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Cutoff radius and floating-point type of the model."""
        return {"r_max": settings["r_max"], "dtype": settings["default_dtype"]}

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write frames and configuration, and mend what a killed run left.

        Returns
        -------
        :
            Command to run in the work folder.
        """
        options = dict(settings)
        n_validation = options.pop("n_validation")
        write_extxyz(work / "train.extxyz", data.train)
        write_extxyz(work / "validation.extxyz", evenly(data.validation, n_validation))
        options.update(
            name=_NAME,
            # The files are named relative to the work folder, in which MACE runs.
            work_dir=_OUTPUT,
            train_file="train.extxyz",
            valid_file="validation.extxyz",
            energy_key=REF_ENERGY,
            forces_key=REF_FORCES,
            stress_key=REF_STRESS,
            device=device.split(":")[0],
            restart_latest=True,
            plot=False,
        )
        # JSON is YAML, without its surprises (1e-3 is a text, no is a Boolean).
        text = json.dumps(options, indent=1, sort_keys=True)
        (work / _CONFIG).write_text(text, encoding="utf-8")
        for path in _checkpoint_folder(work).glob("*.pt*"):
            if path.suffix != ".pt" or not zipfile.is_zipfile(path):
                path.unlink()
        drop_half_line(self.results_file(work))
        module = "ms25_suite.architectures.mace.launcher"
        return [sys.executable, "-m", module, str(os.getpid()), "--config", _CONFIG]

    def results_file(self, work: Path) -> Path:
        """File of JSON lines that MACE writes while it runs."""
        seed = json.loads((work / _CONFIG).read_text(encoding="utf-8"))["seed"]
        return work / _OUTPUT / "results" / f"{_NAME}_run-{seed}_train.txt"

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of an epoch; None for the other lines: batches, and the untrained model."""
        if record.get("mode") != "eval" or record.get("epoch") is None:
            return None
        errors = {
            name: float(record[key])
            for name, key in _ERRORS.items()
            if isinstance(record.get(key), int | float)
        }
        return EpochReport(int(record["epoch"]) + 1, float(record["loss"]), errors)

    def result(self, work: Path) -> tuple[Path, int, dict[str, Any]]:
        """Model file of a finished training, its epoch, and how it was chosen.

        Raises
        ------
        TrainingError
            The run left no model or no checkpoint.
        """
        two = work / _OUTPUT / f"{_NAME}_stagetwo.model"
        stage_two = two.is_file()
        path = two if stage_two else work / _OUTPUT / f"{_NAME}.model"
        epochs = [
            int(match[1]) + 1
            for match in map(_CHECKPOINT.search, _names(_checkpoint_folder(work)))
            if match is not None and (match[2] is not None) == stage_two
        ]
        if not path.is_file() or not epochs:
            msg = (
                f"MACE ended without an error, but left no {path.name} or no checkpoint in "
                f"{work / _OUTPUT}. Read the log there"
            )
            raise TrainingError(msg)
        stage = "stage two" if stage_two else "the only stage"
        settings = json.loads((work / _CONFIG).read_text(encoding="utf-8"))
        weights = "exponentially averaged weights" if settings.get("ema") else "weights"
        chosen = {"epoch": max(epochs), "chosen_by": f"lowest validation loss of {stage}"}
        return path, max(epochs), {**chosen, "weights": weights}


def _checkpoint_folder(work: Path) -> Path:
    return work / _OUTPUT / "checkpoints"


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
