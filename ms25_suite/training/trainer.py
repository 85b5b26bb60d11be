"""Base class of the trainers: what all architectures have in common.

A trainer turns a recipe and frames into the settings of one training, prepares a work folder,
names the command that trains there, reads the epochs that it reports, and finds the model at the
end. The runner (`ms25_suite.training.runner`) does the rest: cache, lock, progress, sidecar.

The defaults fit a training program that is built on `ms25_suite.training.run.TrainingRun`. A
trainer that starts the program of another package overrides what differs.
"""

from __future__ import annotations

import inspect
import json
import shutil
import zipfile
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import TrainingError, UsageError
from ms25_suite.environments.installation import Installation, find_installation
from ms25_suite.training.curve import ERROR_NAMES, EpochReport, drop_half_line
from ms25_suite.training.files import CONFIG, OUTCOME, RESULTS, evenly, write_arrays
from ms25_suite.training.recipe import (
    load_recipe,
    load_tuning_recipe,
    number_of_epochs,
    number_of_validation,
    system_values,
)
from ms25_suite.training.request import Part, TrainingData, TrainingRequest

__all__ = ["Outcome", "TrainedArchitecture", "Trainer", "discard_torn"]

_RECIPE_ONLY: Final = frozenset(
    {
        "version",
        "frame_passes",
        "epochs_least",
        "epochs_most",
        "max_validation",
        "threads_most",
        "seconds_per_frame",
        "systems",
        "system_aliases",
    }
)
"""Values of a recipe from which settings are computed; they are no settings themselves."""


class TrainedArchitecture(Protocol):
    """What a trainer reads from the class of its architecture.

    It is `ms25_suite.potentials.base.Architecture`, whose attributes are described there.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def package(self) -> str: ...  # noqa: D102

    @property
    def distributions(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def requirement(self) -> str: ...  # noqa: D102

    @property
    def environment(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Outcome:
    """The model of a finished training.

    Parameters
    ----------
    path
        The model file.
    epoch
        Epoch whose weights it holds, counted from 1.
    chosen_by
        How the epoch was chosen.
    weights
        Which weights they are.
    ended_by
        What ended the training; None if unknown.
    head
        The head that learned the data, if the model has several.
    """

    path: Path
    epoch: int
    chosen_by: str
    weights: str
    ended_by: str | None = None
    head: str | None = None


class Trainer(ABC):
    """Trains models of one architecture, in a process of its own.

    Everything that a training needs to continue after a kill must lie in its work folder:
    `prepare` is called again with the same arguments, and must keep what is usable there.
    """

    architecture: ClassVar[TrainedArchitecture]
    """Class of the architecture that is trained."""

    suffix: ClassVar[str]
    """File name extension of its model files, with the dot."""

    module: ClassVar[str]
    """Module with the training program, run as ``python -m MODULE CONFIG`` in the work
    folder."""

    cutoff_key: ClassVar[str] = "r_max"
    """Name of the cutoff radius in the settings. In the recipe, ``KEY_default`` is the radius for
    datasets without one and ``KEY_limit`` the largest one, both in Å."""

    recipe_only: ClassVar[frozenset[str]] = frozenset()
    """Further values of the recipe that are no settings."""

    cpu_only: ClassVar[bool] = False
    """Whether the package has no code for other devices."""

    strategies: ClassVar[tuple[str, ...]] = ()
    """Ways to fine-tune that it knows, of `ms25_suite.training.parent.STRATEGIES`; their recipes
    are in ``NAME_tuning.toml`` beside the recipe."""

    foundation_file: ClassVar[str] = "foundation"
    """Name of the copy, in the work folder, of the model that a training starts from."""

    estimates_energies: ClassVar[bool] = True
    """Whether the program of the package estimates energies of the elements from the model that a
    training starts from. Otherwise `ms25_suite.training.parent.Parent.energy_shifts` has them."""

    tuning_keys: ClassVar[frozenset[str]] = frozenset()
    """Settings that belong to the fine-tuning, for the sidecar."""

    error_keys: ClassVar[Mapping[str, str]] = {name: name for name in ERROR_NAMES}
    """Validation errors of `EpochReport` and their names in the results file."""

    outcome_file: ClassVar[str] = OUTCOME
    """File in which the program writes, at its end, the ``epoch`` that it chose."""

    chosen_by: ClassVar[str] = "lowest validation loss"
    """How the program chooses an epoch."""

    weights: ClassVar[str] = "weights"
    """Which weights the model holds."""

    @property
    def name(self) -> str:
        """Name of the architecture."""
        return self.architecture.name

    @property
    def model_file(self) -> str:
        """Name of the model file in the work folder."""
        return f"best{self.suffix}"

    def place(self) -> Installation:
        """Where the package of the architecture is installed.

        Raises
        ------
        ArchitectureNotInstalledError
            Nowhere; the message names the command that installs it.
        """
        described = self.architecture
        return find_installation(
            described.name,
            described.package,
            managed=bool(described.environment),
            requirement=described.requirement,
        )

    def require_installed(self) -> None:
        """Make sure that the architecture can be trained here.

        Raises
        ------
        ArchitectureNotInstalledError
            Its package is not installed, or not in a version that can be used.
        """
        self.place()

    def versions(self) -> dict[str, str]:
        """Versions of the packages that a model depends on; ``unknown`` where one has none."""
        names = self.architecture.distributions
        return dict.fromkeys(names, "unknown") | self.place().versions(names)

    @property
    def recipe_file(self) -> Path:
        """The recipe: ``NAME.toml`` beside the module of the trainer."""
        return Path(inspect.getfile(type(self))).with_name(f"{self.name}.toml")

    def recipe(self, budget: str) -> dict[str, Any]:
        """Recipe of a budget.

        Raises
        ------
        UsageError
            There is no such budget.
        TrainingError
            The recipe file is missing or damaged.
        """
        return load_recipe(self.recipe_file, budget)

    def tuning_recipe(self, budget: str, strategy: str) -> dict[str, Any]:
        """Recipe of a budget for a way to fine-tune.

        Raises
        ------
        UsageError
            There is no such budget, or models of this architecture cannot be fine-tuned so.
        TrainingError
            The recipe file is missing or damaged.
        """
        if strategy not in self.strategies:
            known = f": {', '.join(self.strategies)}" if self.strategies else " at all"
            only = "only by the strategies" if self.strategies else "not"
            msg = f"{self.name} can be fine-tuned {only}{known}, found strategy={strategy}"
            raise UsageError(msg)
        path = self.recipe_file.with_stem(f"{self.name}_tuning")
        return load_tuning_recipe(path, budget, strategy)

    def foundation_problem(self, path: Path) -> str:
        """Why a model file of this architecture is nothing to start a training from; empty: it is.

        It is not loaded.
        """
        del path
        return ""

    def heads(self, data: TrainingData) -> dict[str, str]:
        """Level of theory of each head of the model that will come out, if it has several."""
        del data
        return {}

    def settings(
        self, recipe: Mapping[str, Any], request: TrainingRequest, data: TrainingData
    ) -> dict[str, Any]:
        """All values of a training, without paths and device.

        They can be written as JSON and are a part of the cache key: a value that can change the
        model must be here.

        Raises
        ------
        TrainingError
            The recipe has hyperparameters for named systems only, and the data is of none of them.
        """
        n_train = len(data.train[0])
        default, limit = f"{self.cutoff_key}_default", f"{self.cutoff_key}_limit"
        computed = _RECIPE_ONLY | self.recipe_only | {default, limit}
        chosen = {key: value for key, value in recipe.items() if key not in computed}
        if "systems" in recipe:
            chosen.update(system_values(recipe, data))
        if data.parent is not None:
            chosen[self.cutoff_key] = data.parent.r_max
        else:
            # One cutoff for each dataset, the same for all architectures (MS25, Table 1): it
            # decides how much of the surroundings of an atom a model can use.
            cutoff = data.cutoff if data.cutoff is not None else recipe[default]
            chosen[self.cutoff_key] = float(min(cutoff, recipe.get(limit, cutoff)))
        if "batch_size" in chosen:
            chosen["batch_size"] = min(chosen["batch_size"], n_train)
        if "frame_passes" in recipe:
            # A fixed number of frame passes, so of optimiser steps: small sets get more epochs.
            chosen["max_num_epochs"] = number_of_epochs(recipe, n_train)
        if "seconds_per_frame" in recipe:
            # MS25 trains 1.2 h with 50 frames and 24 h with 1000: 86.4 s for each frame.
            chosen["seconds_most"] = recipe["seconds_per_frame"] * n_train
        # Fewer validation frames make the choice of the epoch noisier, and each epoch cheaper.
        chosen["n_validation"] = number_of_validation(recipe, data)
        chosen["seed"] = request.seed
        return chosen

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        """Number of epochs, if nothing ends the training earlier."""
        return int(settings["max_num_epochs"])

    def r_max(self, settings: Mapping[str, Any]) -> float:
        """Cutoff radius of the model in Å."""
        return float(settings[self.cutoff_key])

    def dtype(self, settings: Mapping[str, Any]) -> str:
        """Floating-point type of the model."""
        return str(settings["dtype"])

    def prepare(
        self, work: Path, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> list[str]:
        """Write frames, configuration and foundation, and repair what a killed run left.

        Returns
        -------
        :
            Command to run in the work folder.

        Raises
        ------
        TrainingError
            The architecture cannot be trained on this device.
        """
        if self.cpu_only and device != "cpu":
            msg = f"{self.name} trains on the CPU only, found --device={device}. Use --device=cpu"
            raise TrainingError(msg)
        if data.parent is not None:
            with atomic_path(work / self.foundation_file) as temporary:
                shutil.copyfile(data.parent.file, temporary)
        self.write_part(work, "train", data.train, settings)
        validation = evenly(data.validation, settings["n_validation"])
        self.write_part(work, "validation", validation, settings)
        with atomic_path(work / CONFIG) as temporary:
            config = self.config(settings, data, device)
            temporary.write_text(json.dumps(config, indent=1, sort_keys=True), encoding="utf-8")
        self.repair(work)
        # The program appends: it must not continue half a line of a killed run.
        drop_half_line(self.results_file(work))
        return self.place().command(self.module, CONFIG)

    def write_part(self, work: Path, name: str, part: Part, settings: Mapping[str, Any]) -> None:
        """Write the training or the validation frames.

        Parameters
        ----------
        work
            Work folder.
        name
            ``train`` or ``validation``.
        part
            Frames and labels.
        settings
            Values of `settings`.
        """
        del settings
        write_arrays(work / f"{name}.npz", part)

    def config(
        self, settings: Mapping[str, Any], data: TrainingData, device: str
    ) -> dict[str, Any]:
        """Content of the configuration file that the program reads; paths must be relative."""
        del data
        return {**settings, "device": device.split(":")[0], "model_file": self.model_file}

    def repair(self, work: Path) -> None:  # noqa: B027  (nothing to do by default)
        """Remove from the work folder what a killed run left half-written."""

    def results_file(self, work: Path) -> Path:
        """File of JSON lines in which the program reports its epochs."""
        return work / RESULTS

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        """Report of an epoch from a line of the results file; None for other lines."""
        if record.get("epoch") is None or "loss" not in record:
            return None
        errors = {
            name: float(record[key])
            for name, key in self.error_keys.items()
            if isinstance(record.get(key), int | float)
        }
        return EpochReport(int(record["epoch"]), float(record["loss"]), errors)

    def result(self, work: Path) -> Outcome:
        """Model of a finished training.

        Raises
        ------
        TrainingError
            The program left no model, or no outcome file.
        """
        outcome, model = work / self.outcome_file, work / self.model_file
        try:
            found = json.loads(outcome.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if found is None or not model.is_file():
            lacking = model if found is not None else outcome
            msg = (
                f"the training of {self.name} ended without an error, but left no {lacking.name} "
                f"in {lacking.parent}. Read the log there"
            )
            raise TrainingError(msg)
        return Outcome(
            model, int(found["epoch"]), self.chosen_by, self.weights, found.get("ended_by")
        )


def discard_torn(paths: Iterable[Path]) -> None:
    """Remove files of PyTorch that are damaged: no zip archives, or with a wrong checksum.

    PyTorch itself writes the checksums of an archive, but does not compare them when it reads it.
    """
    for path in paths:
        if path.is_file() and not _is_whole(path):
            path.unlink()


def _is_whole(path: Path) -> bool:
    try:
        # The directory of a zip archive is at its end, so a torn one is not recognised as such.
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    # Damaged archives fail in many ways: an unknown method, a password, a wrong place …
    except Exception:
        return False
