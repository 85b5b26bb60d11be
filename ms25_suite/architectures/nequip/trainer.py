"""Training of NequIP and Allegro through the nequip framework."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from ms25_suite.architectures.nequip.model import AllegroArchitecture, NequipArchitecture
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.sealed import DamagedError, unseal_json
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.training.curve import ERROR_NAMES
from ms25_suite.training.files import RESULTS, evenly, write_extxyz
from ms25_suite.training.request import Part, TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer, discard_torn

__all__ = ["AllegroTrainer", "NequipTrainer", "atom_energies"]

_OUTPUT: Final = "output"
_FOUNDATION: Final = "foundation.nequip.zip"
_NO_STRESS: Final = {"train": "none", "validation": "none"}


class _NequipFamilyTrainer(Trainer):
    """Runs `ms25_suite.architectures.nequip.launcher` where the framework is installed.

    The model holds the weights of the epoch with the lowest validation loss of the last phase;
    the phases weigh energy, forces and stress differently. It is a package (``.nequip.zip``),
    which brings its own code and an example of the data: other versions of nequip can load it and
    nequip-compile can compile it. A checkpoint without its training data can do neither.
    """

    suffix = ".nequip.zip"
    module = "ms25_suite.architectures.nequip.launcher"
    error_keys: ClassVar[Mapping[str, str]] = {
        name: name.replace("energy", "per_atom_energy") for name in ERROR_NAMES
    }
    strategies = ("naive",)
    foundation_file = _FOUNDATION
    estimates_energies = False
    tuning_keys = frozenset({"atom_energies", "energy_shifts"})
    outcome_file = f"{_OUTPUT}/done.json"
    chosen_by = "lowest validation loss of the last phase"
    weights = "exponentially averaged weights"

    _target: ClassVar[str]
    """Function of the framework that builds the model."""

    @abstractmethod
    def _hyperparameters(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of that function that the recipe decides."""

    @property
    def model_file(self) -> str:
        """Name of the model file in the work folder."""
        return f"{_OUTPUT}/model{self.suffix}"

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """All values of a training; see `Trainer.settings`."""
        from ase.data import chemical_symbols

        values = super().settings(recipe, request, data)
        total = values.get("epochs") or values["max_num_epochs"]
        names = (
            *("r_max", "batch_size", "n_validation", "seed"),
            *("dtype", "ema_decay", "amsgrad", "gradient_clip_val"),
        )
        chosen = {name: values[name] for name in names if name in values}
        parent = data.parent
        if parent is None:
            chosen["model"] = self._hyperparameters(values)
        elif parent.dtype:
            # The framework cannot change it.
            chosen["dtype"] = parent.dtype
        chosen["phases"] = _phases(values["phases"], total, values.get("seconds_most"))
        # The label decides which terms the loss has: it is a part of the settings, and of the key.
        labels = _stress_labels(data, chosen["n_validation"])
        chosen["stress"] = labels if values["stress"] else _NO_STRESS
        atoms = data.isolated_atoms()
        if parent is not None and (atoms is None or parent.fitted_energies):
            # Energies of atoms would move the zero of a parent whose own are fitted to matter, by
            # the cohesive energy.
            shifts = parent.energy_shifts
            chosen["energy_shifts"] = {chemical_symbols[z]: shifts[z] for z in sorted(shifts)}
        elif atoms is not None:
            # NequIP's advice where they are known; else they are fitted, see `config`.
            chosen["atom_energies"] = {chemical_symbols[z]: energy for z, energy in atoms.items()}
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs of all phases, if no phase reaches its time limit."""
        return sum(int(phase["epochs"]) for phase in settings["phases"])

    def write_part(self, work: Path, name: str, part: Part, settings: Mapping[str, Any]) -> None:
        """Write frames as nequip reads them.

        All frames of a batch must have the same labels, so a missing stress is NaN.
        """
        absent = None if settings["stress"] == _NO_STRESS else np.nan
        write_extxyz(work / f"{name}.extxyz", part, absent_stress=absent)

    def repair(self, work: Path) -> None:
        """Remove what is damaged; a phase with a damaged checkpoint starts again, as later ones."""
        output = work / _OUTPUT
        for path in (*output.glob("*.json"), *output.glob("phase-*/*.json")):
            try:
                unseal_json(path.read_bytes(), str(path))
            except DamagedError:
                path.unlink()
        phases = sorted(output.glob("phase-*"), key=lambda folder: (len(folder.name), folder.name))
        for place, folder in enumerate(phases):
            checkpoints = list(folder.glob("*.ckpt"))
            discard_torn(checkpoints)
            if not all(path.exists() for path in checkpoints):
                for later in phases[place:]:
                    shutil.rmtree(later)
                break

    def config(
        self, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> dict[str, Any]:
        """Configuration of the launcher: parts of nequip's own configuration."""
        from ase.data import chemical_symbols

        types = [chemical_symbols[number] for number in data.train[0].elements]
        model: dict[str, Any] = (
            {
                "_target_": self._target,
                **settings["model"],
                "seed": settings["seed"],
                "model_dtype": settings["dtype"],
                "type_names": types,
                "r_max": settings["r_max"],
                # Compilation takes over a minute on a CPU, more than it saves in a short training.
                "compile_mode": "eager",
                # Fixed energies of the elements leave the binding energy to the network.
                "per_type_energy_shifts": settings.get("atom_energies")
                or atom_energies(data.train),
            }
            if data.parent is None
            else {
                # The launcher fills in the energies of the elements.
                "_target_": "nequip.model.modify",
                "modifiers": [
                    {
                        "modifier": "modify_PerTypeScaleShift",
                        "shifts": settings.get("atom_energies") or settings["energy_shifts"],
                    }
                ],
                "model": {
                    "_target_": "nequip.model.ModelFromPackage",
                    "package_path": _FOUNDATION,
                    "compile_mode": "eager",
                },
            }
        )
        module = {
            # The average over recent steps damps the noise of small batches, so that the epoch with
            # the lowest validation loss is less a matter of chance.
            "_target_": "nequip.train.EMALightningModule",
            "ema_decay": settings["ema_decay"],
            "model": model,
        }
        return {
            "data": _data(settings, types),
            "training_module": module,
            "phases": [_phase(phase, settings) for phase in settings["phases"]],
            # Lightning's name for a CUDA device.
            "accelerator": {"cuda": "gpu"}.get(device.split(":")[0], device),
            "gradient_clip_val": settings.get("gradient_clip_val"),
            # Relative to the work folder, in which the launcher runs: the configuration is kept
            # in the model.
            "output": _OUTPUT,
            "results": RESULTS,
            "model": self.model_file,
            **self._tuning(settings, data),
        }

    def _tuning(self, settings: Mapping[str, Any], data: TrainingData) -> dict[str, Any]:
        """What the launcher must know of a fine-tuning."""
        if data.parent is None:
            return {}
        return {"foundation": _FOUNDATION, "shifts_are_relative": "energy_shifts" in settings}

    def foundation_problem(self, path: Path) -> str:
        """Only packages can be trained; see `Trainer.foundation_problem`."""
        if path.name.endswith(".nequip.zip"):
            return ""
        return (
            "is no package of the nequip framework: a training starts from NAME.nequip.zip, which "
            "`nequip-package build` makes of a checkpoint (compiled files cannot be trained)"
        )


class NequipTrainer(_NequipFamilyTrainer):
    """Trains NequIP."""

    architecture = NequipArchitecture
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

    architecture = AllegroArchitecture
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


def atom_energies(part: Part) -> dict[str, float]:
    """Energy of an atom of each element in eV, by least squares over the frames.

    Raises
    ------
    ValueError
        There are no energies.
    """
    from ase.data import chemical_symbols

    frames, labels = part
    if labels.energy is None:
        msg = "expected labels with energies"
        raise ValueError(msg)
    energies = element_energies(frames, labels.energy)
    return {
        chemical_symbols[number]: float(energy)
        for number, energy in zip(frames.elements, energies, strict=True)
    }


def _phases(
    phases: Sequence[Mapping[str, Any]], total: int, seconds: float | None
) -> list[dict[str, Any]]:
    """Phases with their share of the epochs and, if that is limited, of the time."""
    # MS25 ("NequIP Training Procedure") has three phases: rates 0.01, 0.001 and 0.0002; the forces
    # weigh 10 times the energy in the first two, the energy 15 times the forces in the last.
    found = []
    for phase in phases:
        share = phase["share"]
        # Each phase gets its share of the time too, so that a slow machine reaches the last one.
        limit = None if seconds is None else seconds * share
        rest = {key: value for key, value in phase.items() if key != "share"}
        found.append({**rest, "epochs": max(1, round(total * share)), "seconds": limit})
    return found


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
        # Half a period of the cosine: from `lr` to `eta_min` at the end of the phase.
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
    """Weighted mean squared errors; for the validation, also RMSE and MAE.

    The weighted sum is the loss of the training, and also what the epoch is chosen by. The mean
    of a stress is over its nine components.
    """
    # Per atom: the squared error of a total energy grows with the size of the frame.
    per_atom = {"_target_": "nequip.data.PerAtomModifier", "field": "total_energy"}
    fields: dict[str, Any] = {"per_atom_energy": per_atom, "forces": "forces"}
    labels = settings["stress"]["validation" if validation else "train"]
    if labels != "none":
        fields["stress"] = "stress"
    metrics = []
    for name, field in fields.items():
        # A batch may hold no frame with a stress at all, whose mean would be 0 / 0.
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
