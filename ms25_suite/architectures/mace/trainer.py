"""Training of MACE through its own training script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from ms25_suite.architectures.mace.inputs import training_embeddings
from ms25_suite.architectures.mace.model import MaceArchitecture
from ms25_suite.core.errors import TrainingError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.files import CONFIG, write_extxyz
from ms25_suite.training.request import Part, TrainingData, TrainingRequest
from ms25_suite.training.trainer import Outcome, Trainer, discard_torn

__all__ = ["MaceTrainer"]

_NAME: Final = "model"
_OUTPUT: Final = "output"
_CHECKPOINT: Final = re.compile(r"_epoch-(\d+)(_swa)?\.pt")


class MaceTrainer(Trainer):
    """Runs ``mace.cli.run_train``.

    The model holds the weights of the epoch with the lowest validation loss: of stage two where
    the recipe has one (the stages weigh energy, forces and stress differently, so their losses
    cannot be compared), else of the whole run. With ``ema`` these are the exponentially averaged
    weights, which MACE validates and saves instead of the momentary ones. What MACE calls "SWA"
    does not average the weights that it saves: stage two only changes loss weights and learning
    rate.
    """

    architecture = MaceArchitecture
    suffix = ".model"
    module = "ms25_suite.architectures.mace.launcher"
    recipe_only = frozenset({"stage_two_fraction", "lr_final"})
    error_keys: ClassVar[Mapping[str, str]] = {
        "energy_rmse": "rmse_e_per_atom",
        "energy_mae": "mae_e_per_atom",
        "forces_rmse": "rmse_f",
        "forces_mae": "mae_f",
        "stress_rmse": "rmse_stress",
        "stress_mae": "mae_stress",
    }

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Options of ``mace_run_train`` without paths, names and device; see `Trainer.settings`."""
        # The batch size is at most the number of frames: MACE leaves out the last, smaller batch,
        # and would train on nothing at all.
        chosen = super().settings(recipe, request, data)
        total = chosen["max_num_epochs"]
        first_stage = total
        if "stage_two_fraction" in recipe:
            # MS25 ("MACE Training Procedure"): first 0.8 of the epochs with more weight on the
            # forces, then 0.2 with more on the energy. Each stage gets one epoch at least.
            first_stage = max(1, min(total - 1, round(total * (1 - recipe["stage_two_fraction"]))))
            chosen["swa"] = True
            chosen["start_swa"] = first_stage
        if "lr_final" in recipe:
            # The rate decays once in each epoch of the first stage but the first.
            steps = max(1, first_stage - 1)
            chosen["lr_scheduler_gamma"] = (recipe["lr_final"] / chosen["lr"]) ** (1 / steps)
        embeddings = training_embeddings(data.train[0], data.validation[0])
        if embeddings:
            # MACE reads a Python literal.
            chosen["embedding_specs"] = repr(embeddings)
        atoms = data.isolated_atoms()
        if atoms is not None:
            # MACE's advice; it reads a Python literal. The limit of separated atoms is then right.
            chosen["E0s"] = repr(atoms)
        # MACE must not end a training before its number of epochs is reached.
        chosen["patience"] = total + 1
        return chosen

    def dtype(self, settings: Mapping[str, Any]) -> str:
        """Floating-point type of the model."""
        return str(settings["default_dtype"])

    def write_part(self, work: Path, name: str, part: Part, settings: Mapping[str, Any]) -> None:
        """Write frames as MACE reads them; a frame without a stress has no such label."""
        del settings
        write_extxyz(work / f"{name}.extxyz", part)

    def config(
        self, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> dict[str, Any]:
        """Options of ``mace_run_train``.

        They are written as JSON, which is valid YAML without the surprises of YAML (``1e-3`` is a
        text there, ``no`` a Boolean).
        """
        del data
        options = {key: value for key, value in settings.items() if key != "n_validation"}
        options.update(
            name=_NAME,
            # Paths are relative to the work folder, in which MACE runs.
            work_dir=_OUTPUT,
            train_file="train.extxyz",
            valid_file="validation.extxyz",
            energy_key=REF_ENERGY,
            forces_key=REF_FORCES,
            stress_key=REF_STRESS,
            # One GPU is made visible to the process, so its number is always 0.
            device=device.split(":")[0],
            # Continues from the checkpoint of a killed run, and starts anew where there is none.
            restart_latest=True,
            plot=False,
        )
        return options

    def repair(self, work: Path) -> None:
        """Remove torn checkpoints: MACE would start again from the first epoch, and then fail."""
        checkpoints = list(_checkpoint_folder(work).glob("*.pt*"))
        discard_torn(checkpoints)
        for path in checkpoints:
            if path.suffix != ".pt":
                # Partial files of the launcher.
                path.unlink(missing_ok=True)

    def results_file(self, work: Path) -> Path:
        """File of JSON lines that MACE writes while it runs."""
        return work / _OUTPUT / "results" / f"{_NAME}_run-{_config(work)['seed']}_train.txt"

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of an epoch; None for the other lines: batches, and the untrained model."""
        if record.get("mode") != "eval":
            return None
        report = super().epoch_report(record)
        # MACE counts epochs from 0.
        return None if report is None else replace(report, epoch=report.epoch + 1)

    def result(self, work: Path) -> Outcome:
        """Model of a finished training: of stage two, if there was one.

        Raises
        ------
        TrainingError
            MACE left no model or no checkpoint.
        """
        two = work / _OUTPUT / f"{_NAME}_stagetwo.model"
        stage_two = two.is_file()
        path = two if stage_two else work / _OUTPUT / f"{_NAME}.model"
        # The name of the checkpoint is the only place that says which epoch the model is of.
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
        weights = "exponentially averaged weights" if _config(work).get("ema") else "weights"
        # A checkpoint is saved whenever the validation loss falls: the latest one is the best.
        return Outcome(path, max(epochs), f"lowest validation loss of {stage}", weights)


def _config(work: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((work / CONFIG).read_text(encoding="utf-8"))
    return found


def _checkpoint_folder(work: Path) -> Path:
    return work / _OUTPUT / "checkpoints"


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
