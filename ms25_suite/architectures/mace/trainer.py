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
from ms25_suite.potentials.model_file import summarise
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.files import CONFIG, evenly, write_extxyz
from ms25_suite.training.parent import STRATEGIES
from ms25_suite.training.request import Part, TrainingData, TrainingRequest
from ms25_suite.training.trainer import Outcome, Trainer, discard_torn

__all__ = ["MaceTrainer"]

_NAME: Final = "model"
_OUTPUT: Final = "output"
_CHECKPOINT: Final = re.compile(r"_epoch-(\d+)(_swa)?\.pt")
_FOUNDATION: Final = "foundation.model"
_TUNABLE: Final = (0, 3, 16)
"""Oldest MACE with ``E0s: estimated``, and with LoRA that is merged into the weights."""

_NEW_HEAD, _OLD_HEAD = "Default", "pt_head"
"""Heads of a model that was fine-tuned with replay: of the new data, and of the foundation's."""


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
    recipe_only = frozenset({"stage_two_fraction", "lr_final", "replay_per_frame"})
    strategies = STRATEGIES
    foundation_file = _FOUNDATION
    tuning_keys = frozenset(
        {
            *("E0s", "foundation_model_elements", "multiheads_finetuning", "force_mh_ft_lr"),
            *("lora", "lora_rank", "lora_alpha"),
        }
    )
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
        if data.parent is not None:
            self._expect_tunable()
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
        embeddings = {} if data.parent else training_embeddings(data.train[0], data.validation[0])
        if embeddings:
            # MACE reads a Python literal.
            chosen["embedding_specs"] = repr(embeddings)
        atoms = data.isolated_atoms()
        # What is estimated from a foundation keeps its zero. Energies of atoms would move it by the
        # cohesive energy if those of the foundation were fitted to energies of matter.
        fitted = data.parent is not None and data.parent.fitted_energies
        if atoms is not None and not fitted:
            # MACE's advice; it reads a Python literal. The limit of separated atoms is then right.
            chosen["E0s"] = repr(atoms)
        # MACE must not end a training before its number of epochs is reached.
        chosen["patience"] = total + 1
        return chosen

    def _expect_tunable(self) -> None:
        found = self.versions()["mace-torch"]
        numbers = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
        if numbers < _TUNABLE:
            needed = ".".join(map(str, _TUNABLE))
            msg = (
                f"fine-tuning needs mace-torch {needed} or newer (energies of the elements that "
                f"are estimated from the foundation, and LoRA), found {found}: "
                "pip install -U mace-torch"
            )
            raise TrainingError(msg)

    def foundation_problem(self, path: Path) -> str:
        """Models of TorchScript have lost their modules; see `Trainer.foundation_problem`."""
        if any(name.startswith("code/__torch__/") for name in summarise(path).members):
            return (
                "is compiled (TorchScript), and cannot be trained any more. Give the .model file "
                "that MACE wrote beside it"
            )
        return ""

    def heads(self, data: TrainingData) -> dict[str, str]:
        """Level of theory of each head, if there are two: that of the foundation is replayed."""
        if data.parent is None or data.parent.replay is None:
            return {}
        replayed = data.parent.replay.level_of_theory
        return {_OLD_HEAD: data.parent.level_of_theory or replayed, _NEW_HEAD: data.level_of_theory}

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write the replayed frames too; see `Trainer.prepare`."""
        if data.parent is not None and data.parent.replay is not None:
            replay = data.parent.replay
            self.write_part(work, "replay-train", replay.train, settings)
            few = evenly(replay.validation, settings["n_validation"])
            self.write_part(work, "replay-validation", few, settings)
        return super().prepare(work, settings, data, device)

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
        options = {key: value for key, value in settings.items() if key != "n_validation"}
        if data.parent is not None:
            options["foundation_model"] = _FOUNDATION
            if data.parent.head:
                options["foundation_head"] = data.parent.head
            if data.parent.replay is not None:
                options["pt_train_file"] = "replay-train.extxyz"
                options["pt_valid_file"] = "replay-validation.extxyz"
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
        """Report of an epoch; None for the other lines: batches, untrained model, replayed data."""
        if record.get("mode") != "eval" or record.get("head") == _OLD_HEAD:
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
        return Outcome(
            path,
            max(epochs),
            f"lowest validation loss of {stage}",
            weights,
            # MACE takes the last head for its checkpoints, and the foundation's comes first.
            head=_NEW_HEAD if "pt_train_file" in _config(work) else None,
        )


def _config(work: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((work / CONFIG).read_text(encoding="utf-8"))
    return found


def _checkpoint_folder(work: Path) -> Path:
    return work / _OUTPUT / "checkpoints"


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
