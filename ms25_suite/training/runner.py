"""Runs one training: takes it from the cache, continues it, or starts it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, cache_dir, content_key, file_sha256
from ms25_suite.core.errors import ModelFileError, TrainingError, UsageError
from ms25_suite.core.machine import available_cores
from ms25_suite.environments.gpus import chosen_device
from ms25_suite.training.curve import LineFollower, curve_of, errors_at
from ms25_suite.training.manifest import (
    SCHEMA,
    UNITS,
    Manifest,
    ModelRecord,
    TrainingDataRecord,
    parent_record,
    read_manifest,
    sidecar_path,
    write_manifest,
)
from ms25_suite.training.parent import ParentRecord
from ms25_suite.training.process import run_watched, training_environment
from ms25_suite.training.progress import SilentProgress, TrainingProgress
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer
from ms25_suite.training.watch import Stopwatch, Watch

__all__ = ["TrainedModel", "train"]

_KEY_DIGITS: Final = 32
_LOG: Final = "training.log"
_CLOCK: Final = "wall_time_s"


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A finished training.

    Parameters
    ----------
    model_path
        The model file; its sidecar has the same name with ``.json`` appended.
    manifest
        Content of the sidecar.
    reused
        Whether it came from the cache.
    """

    model_path: Path
    manifest: Manifest
    reused: bool

    @property
    def curve(self) -> dict[str, list[float]]:
        """Training curve: ``epoch``, ``loss`` and the validation errors, by epoch."""
        return self.manifest.curve


def train(
    trainer: Trainer,
    request: TrainingRequest,
    data: TrainingData,
    *,
    device: str = "cpu",
    threads: int | None = None,
    progress: TrainingProgress | None = None,
    cache: Path | None = None,
    resume: bool = True,
) -> TrainedModel:
    """Train a potential, or take it from the cache if the same was trained before.

    Two trainings are the same if frames, labels, recipe, seed, versions of the packages, kind of
    device and, where it starts from a model, that model and the replayed frames are the same. A
    training that was killed continues from its last checkpoint. If several processes start the same
    training at the same time, one trains and the others wait.

    Parameters
    ----------
    trainer
        Trainer of the architecture; `ms25_suite.potentials.registry.get_trainer`.
    request, data
        What to train, and on which frames.
    device
        ``cpu``, ``cuda``, ``cuda:1``, …, or ``auto``: ``cuda`` if there is one, else ``cpu``.
    threads
        Number of threads; by default as many as there are cores and the recipe can use.
    progress
        Display of the progress; none by default.
    cache
        Folder of finished and unfinished trainings; the suite's cache by default.
    resume
        Whether a training that was killed is continued. A continued training may use the frames
        in another order, and then ends with other weights; one that starts again does not.

    Raises
    ------
    UsageError
        There is no such budget, the number of threads is not positive, or the trainer is not of
        the architecture that the request names.
    ArchitectureNotInstalledError
        The package of the architecture cannot be imported.
    TrainingError
        The training failed or was killed; the message holds the end of its log.
    """
    if trainer.name != request.architecture:
        msg = f"expected a trainer of {request.architecture}, found one of {trainer.name}"
        raise UsageError(msg)
    parent = data.parent
    recipe = (
        trainer.recipe(request.budget)
        if parent is None
        else trainer.tuning_recipe(request.budget, parent.strategy)
    )
    if threads is not None and threads < 1:
        msg = f"a training needs at least one thread, got {threads}"
        raise UsageError(msg)
    if request.n_train != len(data.train[0]):
        msg = f"expected {request.n_train} training frames, found {len(data.train[0])}"
        raise TrainingError(msg)
    trainer.require_installed()
    # Training programs know CUDA and the CPU, and MPS has no double precision.
    device = chosen_device(
        device, dtype="float64", cpu_only=trainer.cpu_only, python=trainer.place().python
    )
    settings = trainer.settings(recipe, request, data)
    tuning = {key: settings[key] for key in sorted(trainer.tuning_keys & set(settings))}
    described = _Description(
        architecture=trainer.name,
        budget=request.budget,
        data=TrainingDataRecord.of(request, data),
        parent=None if parent is None else parent_record(parent, tuning),
        recipe={"version": recipe["version"], **settings},
        seed=request.seed,
        versions=trainer.versions(),
        device=device.split(":")[0],
    )
    cores = available_cores()
    job = _Job(
        trainer=trainer,
        settings=settings,
        described=described,
        data=data,
        device=device,
        threads=min(cores, recipe.get("threads_most", cores)) if threads is None else threads,
        progress=SilentProgress() if progress is None else progress,
        title=_title(request, data),
        resume=resume,
    )
    root = _cache() if cache is None else cache
    folder = root / described.key()[:_KEY_DIGITS]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _take_or_train(job, folder / f"{_file_name(request, data)}{trainer.suffix}")
    except OSError as error:
        msg = (
            f"the folder of trainings {root} cannot be used: {error}. Is the disk full, or the "
            "folder read-only? MS25_CACHE_DIR names another one"
        )
        raise TrainingError(msg) from error


@dataclass(frozen=True, slots=True)
class _Description:
    """Everything that the trained model depends on; names and values are those of `Manifest`."""

    architecture: str
    budget: str
    data: TrainingDataRecord
    parent: ParentRecord | None
    recipe: dict[str, Any]
    seed: int
    versions: dict[str, str]
    device: str

    def values(self) -> dict[str, Any]:
        """Arguments of `Manifest`."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def key(self) -> str:
        """Name of the training in the cache."""
        # Not the number of threads, which changes a training by rounding only.
        values = {**self.values(), "data": self.data.to_dict()}
        parent = values.pop("parent")
        if parent is not None:
            # What it is, and not where it lies or what it is called.
            names = ("sha256", "head", "strategy", "replay_sha256")
            values["parent"] = {name: getattr(parent, name) for name in names}
        return content_key(values)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A training with everything that it needs but a place."""

    trainer: Trainer
    settings: Mapping[str, Any]
    described: _Description
    data: TrainingData
    device: str
    threads: int
    progress: TrainingProgress
    title: str
    resume: bool


def _cache() -> Path:
    try:
        return cache_dir("training")
    except OSError as error:
        msg = (
            f"models are kept in the cache, which cannot be used: {error}. Set MS25_CACHE_DIR to a "
            "folder that can be written"
        )
        raise TrainingError(msg) from error


def _take_or_train(job: _Job, model: Path) -> TrainedModel:
    with _locked(model.with_name("lock"), job):
        try:
            manifest = read_manifest(model)
        except ModelFileError:
            manifest = None
        # The manifest holds the hash of its model file: a torn or exchanged file does not match.
        if manifest is not None:
            return TrainedModel(model, manifest, reused=True)
        if model.exists() or sidecar_path(model).exists():
            job.progress.note(f"{job.title}: the model in the cache is damaged; training again")
            sidecar_path(model).unlink(missing_ok=True)
        return TrainedModel(model, _train(job, model), reused=False)


def _train(job: _Job, model: Path) -> Manifest:
    trainer = job.trainer
    work = model.with_name("work")
    if not job.resume:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(exist_ok=True)
    command = trainer.prepare(work, job.settings, job.data, job.device)
    total = trainer.n_epochs(job.settings)
    watch = Watch(trainer, LineFollower(trainer.results_file(work)), total, job.progress, work)
    watch.catch_up()
    if watch.continued_from is not None:
        epochs = f"{watch.continued_from} of {total} epochs are done"
        job.progress.note(f"{job.title}: continuing; {epochs}")
    stopwatch = Stopwatch(work / _CLOCK)
    job.progress.start(total, job.title)
    try:
        with stopwatch:
            run_watched(
                command,
                folder=work,
                log=work / _LOG,
                env=training_environment(job.threads, job.device),
                on_poll=watch.poll,
            )
    finally:
        job.progress.finish()
    outcome = trainer.result(work)
    curve = curve_of(watch.reports)
    if float(outcome.epoch) not in curve["epoch"]:
        msg = (
            f"the model of the training in {work} is of epoch {outcome.epoch}, which its results "
            "do not hold. Remove the folder and train again"
        )
        raise TrainingError(msg)
    # Model first, sidecar last: a model without its sidecar is not taken from the cache.
    with atomic_path(model) as temporary:
        shutil.copyfile(outcome.path, temporary)
    manifest = Manifest(
        schema=SCHEMA,
        **job.described.values(),
        r_max=trainer.r_max(job.settings),
        dtype=trainer.dtype(job.settings),
        heads=trainer.heads(job.data),
        species=_species(job.data),
        seen_frames=_fingerprints(job.data),
        model=ModelRecord(
            file=model.name,
            sha256=file_sha256(model),
            epoch=outcome.epoch,
            chosen_by=outcome.chosen_by,
            weights=outcome.weights,
            ended_by=outcome.ended_by,
            head=outcome.head,
        ),
        validation_errors=errors_at(curve, outcome.epoch),
        threads=job.threads,
        wall_time=round(stopwatch.total, 1),
        continued=watch.continued_from is not None,
        units=dict(UNITS),
        curve=curve,
    )
    write_manifest(model, manifest)
    shutil.copyfile(work / _LOG, model.with_name(model.name + ".log"))
    shutil.rmtree(work, ignore_errors=True)
    return manifest


def _fingerprints(data: TrainingData) -> tuple[str, ...]:
    """Training and validation frames: a potential must not be judged on them.

    A child has seen what its parent has seen.
    """
    parts = [data.train, data.validation]
    inherited: tuple[str, ...] = ()
    if data.parent is not None:
        inherited = data.parent.seen_frames
        replay = data.parent.replay
        parts += [] if replay is None else [replay.train, replay.validation]
    own = (digest.hex() for frames, _ in parts for digest in frames.fingerprints())
    return tuple(dict.fromkeys((*own, *inherited)))


def _species(data: TrainingData) -> tuple[str, ...]:
    from ase.data import chemical_symbols

    # A child keeps all elements of its parent.
    elements = data.train[0].elements if data.parent is None else data.parent.elements
    return tuple(chemical_symbols[number] for number in elements)


@contextmanager
def _locked(path: Path, job: _Job) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        job.progress.note(f"{job.title}: another process runs the same training; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _title(request: TrainingRequest, data: TrainingData) -> str:
    how = request.budget
    if data.parent is not None:
        how = f"{data.parent.strategy} fine-tuning of {data.parent.name}, {how}"
    return f"{request.architecture} on {request.n_train} frames of {data.name} ({how})"


def _file_name(request: TrainingRequest, data: TrainingData) -> str:
    parent = data.parent
    of_parent = "" if parent is None else f"-{parent.strategy}-from-{_plain(parent.name)}"
    return (
        f"{request.architecture}-{_plain(data.name)}-n{request.n_train}-set{request.set}"
        f"-seed{request.seed}-{request.budget}{f'-{request.split}' if request.split else ''}"
        f"{of_parent}"
    )


def _plain(name: str) -> str:
    """A name without what file names cannot have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "data"
