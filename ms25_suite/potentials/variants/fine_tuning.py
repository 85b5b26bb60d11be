"""The model that a training starts from, opened and looked at before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from ms25_suite.core.documents.files import file_problem, said_of, user_path
from ms25_suite.core.errors import ModelFileError, UsageError, did_you_mean
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.registry import detect, get_trainer, trainable
from ms25_suite.training.files import evenly
from ms25_suite.training.manifest import Manifest, read_manifest
from ms25_suite.training.parent import Parent, Replay
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer

__all__ = ["TUNING_OPTIONS", "Tuning"]

TUNING_OPTIONS = ("foundation", "strategy", "replay", "head")
"""Options of a training that starts from a model."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """A request to start a training from a model.

    Parameters
    ----------
    foundation
        The model file, as the user wrote it.
    strategy
        One of `ms25_suite.training.parent.STRATEGIES`.
    replay
        Dataset to replay, as ``--dataset`` takes it; empty but for that strategy.
    head
        Head of the model to start from; empty if it has one only.
    """

    foundation: str
    strategy: str
    replay: str = ""
    head: str = ""

    @classmethod
    def of(cls, architecture: str, options: dict[str, Any], where: str) -> Self | None:
        """What the options of a training ask for; None if it starts from random weights.

        Parameters
        ----------
        architecture
            Name of the architecture.
        options
            Options of the training, of which `TUNING_OPTIONS` are read.
        where
            Start of the message of an error.

        Raises
        ------
        UsageError
            The options do not fit together, or the architecture cannot be fine-tuned so.
        ModelFileError
            There is no such file, or it is no model of this architecture.
        """
        given = {name: str(options[name]) for name in TUNING_OPTIONS if options.get(name)}
        if not given:
            return None
        if "foundation" not in given:
            msg = f"{where}: {', '.join(given)} needs the model to start from: foundation=FILE"
            raise UsageError(msg)
        trainer = get_trainer(architecture)
        replay = given.get("replay", "")
        strategy = given.get("strategy", "replay" if replay else "naive")
        _expect_strategy(trainer, strategy, where)
        if strategy == "replay" and not replay:
            msg = (
                f"{where}: strategy=replay needs frames of the training of the foundation: "
                "replay=DATASET, a built-in name or a file of frames"
            )
            raise UsageError(msg)
        if replay and strategy != "replay":
            msg = f"{where}: replay={replay} belongs to strategy=replay, found strategy={strategy}"
            raise UsageError(msg)
        _expect_model(given["foundation"], trainer, where)
        return cls(given["foundation"], strategy, replay, given.get("head", ""))

    def open(
        self,
        trainer: Trainer,
        request: TrainingRequest,
        data: TrainingData,
        replayed: Dataset | None,
        device: str,
    ) -> TrainingData:
        """The data of a training, with the model that it starts from.

        Parameters
        ----------
        trainer
            Trainer of the architecture.
        request, data
            The training without that model.
        replayed
            The dataset to replay; None but for that strategy.
        device
            Where the model is loaded, to see what it knows.

        Raises
        ------
        ModelFileError
            The model cannot be loaded.
        UsageError
            It has several heads of which none is chosen, or not that one.
        TrainingError
            It does not know an element of the frames.
        """
        path = Path(self.foundation).expanduser()
        manifest = read_manifest(path)
        options = PotentialOptions(device=device, use_cache=False)
        potential = from_model_file(path, trainer.name, path.stem, options, manifest=manifest)
        try:
            info = potential.info()
            known = set(data.train[0].elements) <= set(info.elements or ())
            shifts = {} if trainer.estimates_energies or not known else _shifts(potential, data)
        finally:
            potential.close()
        if info.elements is None or info.r_max is None:
            msg = f"{path} does not say which elements it knows, or its cutoff"
            raise ModelFileError(msg)
        head, level = _head(self, info.heads, manifest)
        parent = Parent(
            file=path,
            given=self.foundation,
            sha256=potential.sha256,
            elements=info.elements,
            r_max=info.r_max,
            strategy=self.strategy,
            head=head,
            level_of_theory=level,
            replay=None if replayed is None else _replay(trainer, request, replayed),
            seen_frames=() if manifest is None else manifest.seen_frames,
            fitted_energies=manifest is not None and _fitted(manifest),
            dtype=info.precision,
            energy_shifts=shifts,
        )
        return replace(data, parent=parent)


def _expect_strategy(trainer: Trainer, strategy: str, where: str) -> None:
    if strategy in trainer.strategies:
        return
    others = [name for name in trainable() if strategy in get_trainer(name).strategies]
    known = ", ".join(trainer.strategies)
    if not others:
        hint = did_you_mean(strategy, trainer.strategies)
        msg = (
            f"{where}: unknown strategy {strategy!r}.{hint} {trainer.name} knows {known or 'none'}"
        )
    else:
        lacks = f"knows {known} only" if known else "cannot be fine-tuned"
        msg = (
            f"{where}: {trainer.name} {lacks}. strategy={strategy} is possible for "
            f"{', '.join(others)}"
        )
    raise UsageError(msg)


def _expect_model(text: str, trainer: Trainer, where: str) -> None:
    path = user_path(text, where, ModelFileError)
    problem = file_problem(path)
    if problem:
        said = said_of(problem)
        msg = f"{where}: foundation={text}: {said}. Expected a model file of {trainer.name}"
        raise ModelFileError(msg)
    found = detect(path)
    if found.name != trainer.name:
        msg = (
            f"{where}: foundation={text} is a model of {found.name}: expected one of "
            f"{trainer.name}, or train:{found.name}:foundation={text}"
        )
        raise ModelFileError(msg)
    unusable = trainer.foundation_problem(path)
    if unusable:
        msg = f"{where}: foundation={text} {unusable}"
        raise ModelFileError(msg)


def _head(tuning: Tuning, heads: tuple[str, ...], manifest: Manifest | None) -> tuple[str, str]:
    """Head to start from, and the level of theory that it learned; empty where there is none."""
    known = {} if manifest is None else manifest.heads
    of_data = "" if manifest is None else manifest.data.level_of_theory or ""
    if len(heads) < 2:
        if tuning.head and tuning.head not in heads:
            msg = f"{tuning.foundation} has one head only: leave head={tuning.head} out"
            raise UsageError(msg)
        return "", of_data
    chosen = tuning.head or (manifest.model.head if manifest else None) or ""
    if chosen not in heads:
        listed = ", ".join(f"{one} ({known[one]})" if known.get(one) else one for one in heads)
        asked = f"has no head {chosen!r}" if chosen else "has several heads"
        msg = f"{tuning.foundation} {asked}: start from one of {listed} with head=NAME"
        raise UsageError(msg)
    return chosen, known.get(chosen, "")


def _replay(trainer: Trainer, request: TrainingRequest, dataset: Dataset) -> Replay:
    recipe = trainer.tuning_recipe(request.budget, "replay")
    # As many as the recipe wants for so many new frames, spread over the whole training part.
    wanted = max(1, round(recipe["replay_per_frame"] * request.n_train))
    splits = dataset.divided()
    return Replay(
        name=dataset.name,
        level_of_theory=dataset.card.level_of_theory,
        train=evenly(dataset.part(splits.train()), wanted),
        validation=dataset.part(splits.validation()),
    )


def _shifts(potential: Potential, data: TrainingData) -> dict[int, float]:
    """By how much energies of the elements must be moved for new data, in eV: least squares.

    The binding energy that the parent has learned stays: only its zero moves. What MACE calls
    ``E0s="estimated"``.
    """
    frames, labels = data.train
    predicted = potential.predict(frames).energy
    assert labels.energy is not None
    assert predicted is not None
    found = element_energies(frames, labels.energy - predicted)
    return dict(zip(frames.elements, map(float, found), strict=True))


def _fitted(manifest: Manifest) -> bool:
    """Whether energies of the elements of a model of this suite were fitted to frames."""
    energies = manifest.recipe.get("E0s")
    if energies is None:
        # NequIP and Allegro: the recipe has them if they are those of atoms.
        return bool(manifest.recipe) and "atom_energies" not in manifest.recipe
    return not str(energies).startswith("{")
