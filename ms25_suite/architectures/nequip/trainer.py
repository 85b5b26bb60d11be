"""Training of NequIP and Allegro through the nequip framework."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from ms25_suite.core.errors import TrainingError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.environments.installation import Installation, find_installation
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.training.curve import EpochReport, drop_half_line
from ms25_suite.training.files import write_extxyz
from ms25_suite.training.request import Part, TrainingData, TrainingRequest
from ms25_suite.training.trainer import (
    evenly,
    number_of_epochs,
    number_of_validation,
    system_values,
)

__all__ = ["AllegroTrainer", "NequipTrainer"]

_CONFIG: Final = "nequip.json"
_OUTPUT: Final = "output"
_RESULTS: Final = "results.jsonl"
_MODEL: Final = "model.nequip.zip"
_NO_STRESS: Final = {"train": "none", "validation": "none"}
_ERRORS: Final = {
    f"{quantity}_{metric}": f"{name}_{metric}"
    for quantity, name in (
        ("energy", "per_atom_energy"),
        ("forces", "forces"),
        ("stress", "stress"),
    )
    for metric in ("rmse", "mae")
}


class _NequipFamilyTrainer(ABC):
    """Runs `ms25_suite.architectures.nequip.launcher` where the framework is.

    The model that comes out holds the weights of the epoch with the lowest validation loss of the
    last phase, the phases having other weights of energy, forces and stress. It is a package
    (``.nequip.zip``): it brings its own code and an example of the data, so that it can be loaded
    by other versions of nequip and compiled by nequip-compile, which a checkpoint without its
    training data cannot.
    """

    name: ClassVar[str]
    suffix: ClassVar[str] = ".nequip.zip"

    _package: ClassVar[str]
    _distributions: ClassVar[tuple[str, ...]]
    _target: ClassVar[str]

    @abstractmethod
    def _hyperparameters(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of the model's builder that the recipe decides."""

    def require_installed(self) -> None:
        """Make sure that nequip can be imported, here or in its managed environment.

        Raises
        ------
        ArchitectureNotInstalledError
            It cannot.
        """
        self._place()

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a trained model depends on."""
        return self._place().versions(self._distributions)

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """Values of the training without paths and device.

        Raises
        ------
        TrainingError
            The recipe has hyperparameters for named systems only, and the data is none of them.
        """
        values = dict(recipe)
        if "systems" in recipe:
            values.update(system_values(recipe, data))
        n_train = len(data.train[0])
        cutoff = data.cutoff if data.cutoff is not None else values["r_max_default"]
        n_validation = number_of_validation(values, data)
        total = values.get("epochs") or number_of_epochs(values, n_train)
        chosen = {
            "model": self._hyperparameters(values),
            "r_max": float(min(cutoff, values.get("r_max_limit", cutoff))),
            "batch_size": min(values["batch_size"], n_train),
            "phases": _phases(values, total, n_train),
            "n_validation": n_validation,
            "seed": request.seed,
        }
        names = ("dtype", "ema_decay", "amsgrad", "gradient_clip_val")
        chosen.update({name: values[name] for name in names if name in values})
        chosen["stress"] = _stress_labels(data, n_validation) if values["stress"] else _NO_STRESS
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs of a training, if no phase runs out of time."""
        return sum(int(phase["epochs"]) for phase in settings["phases"])

    def describe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Cutoff radius and floating-point type of the model."""
        return {"r_max": settings["r_max"], "dtype": settings["dtype"]}

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write frames and configuration, and mend what a killed run left.

        Returns
        -------
        :
            Command to run in the work folder.
        """
        validation = evenly(data.validation, settings["n_validation"])
        # All frames of a batch must have the same labels: a stress that is not there is NaN.
        absent = None if settings["stress"] == _NO_STRESS else np.nan
        write_extxyz(work / "train.extxyz", data.train, absent_stress=absent)
        write_extxyz(work / "validation.extxyz", validation, absent_stress=absent)
        config = self._config(settings, data, device)
        text = json.dumps(config, indent=1, sort_keys=True)
        (work / _CONFIG).write_text(text, encoding="utf-8")
        drop_half_line(self.results_file(work))
        module = "ms25_suite.architectures.nequip.launcher"
        return self._place().command(module, str(os.getpid()), _CONFIG)

    def results_file(self, work: Path) -> Path:
        """File of JSON lines that the training writes."""
        return work / _RESULTS

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of an epoch."""
        errors = {name: float(record[key]) for name, key in _ERRORS.items() if key in record}
        return EpochReport(int(record["epoch"]), float(record["loss"]), errors)

    def result(self, work: Path) -> tuple[Path, int, dict[str, Any]]:
        """Model file of a finished training, its epoch, and how it was chosen.

        Raises
        ------
        TrainingError
            The run left no model.
        """
        model, done = work / _OUTPUT / _MODEL, work / _OUTPUT / "done.json"
        if not model.is_file() or not done.is_file():
            msg = (
                f"the training ended without an error, but left no {model.name} in "
                f"{work / _OUTPUT}. Read the log there"
            )
            raise TrainingError(msg)
        epoch = int(json.loads(done.read_text(encoding="utf-8"))["epoch"])
        chosen = {
            "epoch": epoch,
            "chosen_by": "lowest validation loss of the last phase",
            "weights": "exponentially averaged weights",
        }
        return model, epoch, chosen

    def _place(self) -> Installation:
        return find_installation(
            self.name, self._package, managed=True, requirement=self._distributions[0]
        )

    def _config(
        self, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> dict[str, Any]:
        """What the launcher reads: parts of nequip's own configuration."""
        from ase.data import chemical_symbols

        types = [chemical_symbols[number] for number in data.train[0].elements]
        model = {
            "_target_": self._target,
            **settings["model"],
            "seed": settings["seed"],
            "model_dtype": settings["dtype"],
            "type_names": types,
            "r_max": settings["r_max"],
            "compile_mode": "eager",
            "per_type_energy_shifts": _element_energies(data.train),
        }
        module = {
            "_target_": "nequip.train.EMALightningModule",
            "ema_decay": settings["ema_decay"],
            "model": model,
        }
        return {
            "data": _data(settings, types),
            "training_module": module,
            "phases": [_phase(phase, settings) for phase in settings["phases"]],
            "accelerator": {"cuda": "gpu"}.get(device.split(":")[0], device),
            "gradient_clip_val": settings.get("gradient_clip_val"),
            # All of them relative to the work folder, in which the launcher runs: the
            # configuration is kept in the model.
            "output": _OUTPUT,
            "results": _RESULTS,
            "model": f"{_OUTPUT}/{_MODEL}",
        }


class NequipTrainer(_NequipFamilyTrainer):
    """Trains NequIP."""

    name = "nequip"
    _package = "nequip"
    _distributions = ("nequip", "torch", "e3nn")
    _target = "nequip.model.NequIPGNNModel"

    def _hyperparameters(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        names = (
            "l_max",
            "parity",
            "num_layers",
            "num_features",
            "type_embed_num_features",
            "num_bessels",
            "polynomial_cutoff_p",
            "radial_mlp_depth",
            "radial_mlp_width",
        )
        return {name: recipe[name] for name in names}


class AllegroTrainer(_NequipFamilyTrainer):
    """Trains Allegro."""

    name = "allegro"
    _package = "allegro"
    _distributions = ("nequip-allegro", "nequip", "torch", "e3nn")
    _target = "allegro.model.AllegroModel"

    def _hyperparameters(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        names = (
            "l_max",
            "parity",
            "num_layers",
            "num_scalar_features",
            "num_tensor_features",
            "radial_chemical_embed_dim",
            *(
                f"{part}_hidden_layers_{size}"
                for part in ("scalar_embed_mlp", "allegro_mlp", "readout_mlp")
                for size in ("depth", "width")
            ),
        )
        embedding = {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": recipe["num_bessels"],
            "polynomial_cutoff_p": recipe["polynomial_cutoff_p"],
        }
        return {**{name: recipe[name] for name in names}, "radial_chemical_embed": embedding}


def _element_energies(part: Part) -> dict[str, float]:
    """Energy of an atom of each element in eV: least squares over the frames."""
    from ase.data import chemical_symbols

    frames, labels = part
    if labels.energy is None:
        msg = "energies are needed"
        raise ValueError(msg)
    energies = element_energies(frames, labels.energy)
    return {
        chemical_symbols[number]: float(energy)
        for number, energy in zip(frames.elements, energies, strict=True)
    }


def _phases(values: Mapping[str, Any], total: int, n_train: int) -> list[dict[str, Any]]:
    """Phases with their share of the epochs and, where it is limited, of the time."""
    seconds = values.get("seconds_per_frame")
    phases = []
    for phase in values["phases"]:
        share = phase["share"]
        limit = None if seconds is None else seconds * n_train * share
        rest = {key: value for key, value in phase.items() if key != "share"}
        phases.append({**rest, "epochs": max(1, round(total * share)), "seconds": limit})
    return phases


def _stress_labels(data: TrainingData, n_validation: int) -> dict[str, str]:
    """Whether ``all``, ``some`` or ``none`` of the frames have a stress to be trained."""
    found = {}
    parts = {"train": data.train, "validation": evenly(data.validation, n_validation)}
    for name, (_, labels) in parts.items():
        has = labels.has_stress
        found[name] = "none" if has is None or not has.any() else "all" if has.all() else "some"
    return dict(_NO_STRESS) if found["train"] == "none" else found


def _data(settings: Mapping[str, Any], types: list[str]) -> dict[str, Any]:
    """Section ``data`` of nequip's configuration."""
    keys = {REF_ENERGY: "total_energy", REF_FORCES: "forces"}
    if settings["stress"] != _NO_STRESS:
        keys[REF_STRESS] = "stress"
    loader = "torch.utils.data.DataLoader"
    return {
        "_target_": "nequip.data.datamodule.ASEDataModule",
        "seed": settings["seed"],
        "train_file_path": "train.extxyz",
        "val_file_path": "validation.extxyz",
        "key_mapping": keys,
        "include_keys": list(keys),
        "transforms": [
            {
                "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
                "model_type_names": types,
            },
            {
                "_target_": "nequip.data.transforms.NeighborListTransform",
                "r_max": settings["r_max"],
            },
        ],
        "train_dataloader": {
            "_target_": loader,
            "batch_size": settings["batch_size"],
            "shuffle": True,
        },
        "val_dataloader": {"_target_": loader, "batch_size": 5},
        "stats_manager": {
            "_target_": "nequip.data.CommonDataStatisticsManager",
            "dataloader_kwargs": {"batch_size": 5},
            "type_names": types,
        },
    }


def _phase(phase: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A phase with its parts of nequip's section ``training_module``."""
    schedule = dict(phase["scheduler"])
    monitor = {"monitor": "val0_epoch/weighted_sum"} if "patience" in schedule else {}
    if schedule["_target_"].endswith(".CosineAnnealingLR"):
        schedule["T_max"] = phase["epochs"]
    optimizer = {"_target_": "torch.optim.Adam", "lr": phase["lr"], "amsgrad": settings["amsgrad"]}
    return {
        "epochs": phase["epochs"],
        "seconds": phase["seconds"],
        "training_module": {
            "optimizer": optimizer,
            "lr_scheduler": {
                "scheduler": schedule,
                "interval": "epoch",
                "frequency": 1,
                **monitor,
            },
            "loss": _metrics(phase, settings, validation=False),
            "val_metrics": _metrics(phase, settings, validation=True),
        },
    }


def _metrics(
    phase: Mapping[str, Any], settings: Mapping[str, Any], *, validation: bool
) -> dict[str, Any]:
    """Weighted mean squared errors; for the validation, also the errors that people read.

    The same weighted sum is the loss of the training and what the validation judges by. The mean
    of a stress is over its nine components.
    """
    per_atom = {"_target_": "nequip.data.PerAtomModifier", "field": "total_energy"}
    fields: dict[str, Any] = {"per_atom_energy": per_atom, "forces": "forces"}
    labels = settings["stress"]["validation" if validation else "train"]
    if labels != "none":
        fields["stress"] = "stress"
    metrics = []
    for name, field in fields.items():
        some = name == "stress" and labels == "some"
        squares = (
            "ms25_suite.architectures.nequip.callback.PartialMeanSquaredError"
            if some
            else "nequip.train.MeanSquaredError"
        )
        weight = phase[f"{name.removeprefix('per_atom_')}_weight"]
        kinds = {"mse": (squares, weight)}
        if validation:
            kinds["rmse"] = ("nequip.train.RootMeanSquaredError", None)
            kinds["mae"] = ("nequip.train.MeanAbsoluteError", None)
        metrics += [
            {
                "name": f"{name}_{kind}",
                "field": field,
                "metric": {"_target_": target},
                "coeff": coefficient,
                "ignore_nan": some,
            }
            for kind, (target, coefficient) in kinds.items()
        ]
    return {"_target_": "nequip.train.MetricsManager", "metrics": metrics}
