"""A potential: predictions and dynamics in worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ms25_suite.core.errors import ElementCoverageError, NotFiniteError, PredictionError
from ms25_suite.core.frames import Frames, IntArray, Predictions
from ms25_suite.core.text.progress import progress
from ms25_suite.environments.gpus import visible_gpus
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.batching.gathered import Gathered
from ms25_suite.potentials.batching.graphs import batches
from ms25_suite.potentials.batching.messages import (
    Span,
    device_messages,
    host_messages,
    single_messages,
)
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.workers.jobs import FrameworkJob, Job, ModelJob
from ms25_suite.potentials.workers.pool import WorkerPool
from ms25_suite.training.manifest import Manifest

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

__all__ = [
    "Potential",
    "PotentialOptions",
]

CACHE_ATOMS = 16_384
"""Atoms in one cached block: a run that is killed loses at most the predictions of one block."""


@dataclass(frozen=True, slots=True)
class PotentialOptions:
    """How potentials are run.

    Parameters
    ----------
    device
        ``cpu``, ``mps``, ``cuda``, ``cuda:1``, …, or ``auto`` for the fastest that is there.
    dtype
        ``float64`` or ``float32``.
    n_workers
        Worker processes for each potential. On ``cuda`` they are spread over the GPUs; those on
        one GPU share it.
    timeout_s
        Longest wait for one answer of a worker in seconds.
    batch_atoms
        Largest number of atoms in a batch; None: by device.
    use_cache
        Whether predictions are taken from and put into the cache.
    species
        Chemical symbols of the species of model files that only number them, and have no sidecar.
    compiled
        Whether models are compiled to native code first where their package can do that.
    lammps
        Executable of a LAMMPS whose pair styles for architectures are preferred; None: the library
        of the environment that the potential runs in.
    pair_styles
        Whether such pair styles are used at all.
    head
        Head of models that have several; empty for their own choice, or that of their sidecar.
    backend
        Kernels that models are evaluated with, if they agree with those of the package; empty for
        the latter.
    tf32
        Whether a GPU may round products of matrices to TF32, if the result agrees with that of
        float32.
    """

    device: str = "cpu"
    dtype: str = "float64"
    n_workers: int = 1
    timeout_s: float = 600.0
    batch_atoms: int | None = None
    use_cache: bool = True
    species: tuple[str, ...] = ()
    compiled: bool = False
    lammps: Path | None = None
    pair_styles: bool = True
    head: str = ""
    backend: str = ""
    tf32: bool = False


class Potential:
    """Something that predicts energies, forces and stresses, in worker processes.

    Parameters
    ----------
    name
        Short name for reports.
    architecture
        ``mace``, …; ``ase`` or ``reference`` for a calculator.
    job
        What a worker loads.
    options
        How the potential is run.
    path
        The model file, if there is one.
    sha256
        SHA-256 of the model file, if there is one.
    python
        Interpreter of the workers; this one by default.
    cache
        Cache of predictions; None: nothing is cached.
    manifest
        Manifest of its training; None if it has none.
    level_of_theory
        Level of theory of the labels that it learned, where it has no manifest; empty if nothing
        states it.
    """

    def __init__(
        self,
        name: str,
        architecture: str,
        job: Job,
        options: PotentialOptions,
        *,
        path: Path | None = None,
        sha256: str = "",
        python: Path | None = None,
        cache: PredictionCache | None = None,
        manifest: Manifest | None = None,
        level_of_theory: str = "",
    ) -> None:
        self.name = name
        self.architecture = architecture
        self.path = path
        self.sha256 = sha256
        self.options = options
        self.manifest = manifest
        self.level_of_theory = level_of_theory
        self._cache = cache
        self._damaged = [] if cache is None else cache.damaged
        self._not_kept = ""
        self._job = job
        self._python = python
        device = job.device if isinstance(job, ModelJob | FrameworkJob) else "cpu"
        self._pool = WorkerPool(
            job,
            n_workers=options.n_workers,
            timeout_s=options.timeout_s,
            python=python,
            # A device with a number is asked for as it is.
            gpus=visible_gpus() if device == "cuda" else (),
            depth=1 if device == "cpu" else 2,
        )

    @property
    def cache_problem(self) -> str:
        """Why predictions could not be cached, or which cached ones were damaged; else empty."""
        problems = [self._not_kept] if self._not_kept else []
        if self._damaged:
            n, first = len(self._damaged), self._damaged[0]
            problems.append(
                f"damaged predictions in the cache were computed again ({n} of them; is the disk "
                f"failing?): {first}"
            )
        return "; ".join(problems)

    def info(self) -> ModelInfo:
        """Elements, cutoff and size; starts the workers unless the cache has them.

        Raises
        ------
        PotentialError
            The potential cannot be loaded; the class says why.
        """
        known = self._cache.get_info() if self._cache else None
        if known is None:
            with progress(f"loading {self.name}"):
                known = self._pool.start()
            self._keep(None, known)
        return known

    def predict(self, frames: Frames) -> Predictions:
        """Energies, forces and stresses of all frames in one go.

        Returns
        -------
        :
            Energies in eV, shape ``(n_frames,)``; forces in eV/Å, shape ``(n_atoms_total, 3)``;
            stresses in eV/Å^3, shape ``(n_frames, 6)``, with NaN for frames that are not
            periodic in three directions, or None if the potential has no stress.

        Raises
        ------
        ElementCoverageError
            The frames hold elements that the potential was not trained for.
        NotFiniteError
            It returned numbers that are not finite.
        PredictionError
            It raised.
        PotentialError
            Another error; the class says which.
        """
        self._check_elements(frames)
        if self._cache is None or len(frames) == 0:
            return self._compute(frames)
        blocks = list(batches(frames.n_atoms, CACHE_ATOMS))
        parts = [self._cache.get(frames.select(block)) for block in blocks]
        missing = [index for index, part in enumerate(parts) if part is None]
        if missing:
            chosen = np.concatenate([blocks[index] for index in missing])
            sizes = [len(blocks[index]) for index in missing]
            wanted = frames.select(chosen)
            try:
                # All at once, so that no worker waits while a block is written.
                found = self._compute(wanted, cuts=[0, *np.cumsum(sizes).tolist()], keep=True)
            except PredictionError as error:
                # Numbers of frames among those computed become numbers among all frames.
                error.frames = tuple(int(chosen[frame]) for frame in error.frames)
                raise
            for index, start in zip(missing, np.cumsum([0, *sizes]), strict=False):
                rows = np.arange(start, start + len(blocks[index]))
                parts[index] = found.select(rows, wanted.offsets)
        known = [part for part in parts if part is not None]
        if len({part.stress is None for part in known}) > 1:
            # The same potential, with and without a stress: cached predictions are not its own.
            return self._compute(frames)
        return Predictions.concatenate(known)

    @property
    def _in_single_batches(self) -> bool:
        """Whether a message to a worker is one batch, since it works on nothing ahead."""
        if isinstance(self._job, FrameworkJob):
            return self.options.device == "cpu" or self._job.batch_atoms == 0
        return not isinstance(self._job, ModelJob)

    def by_calculator(self) -> Potential | None:
        """The same potential, frame by frame by the calculator of its package; nothing is cached.

        Returns
        -------
        :
            None if it is no framework's, or is evaluated in that way already.
        """
        if not isinstance(self._job, FrameworkJob) or self._job.batch_atoms == 0:
            return None
        return self._with(replace(self._job, batch_atoms=0), self.options)

    def again(self, options: PotentialOptions) -> Potential:
        """The same potential in worker processes of its own, with other options; nothing is cached.

        What the workers load stays the same, so that of the options only ``n_workers``,
        ``timeout_s`` and, for the messages to workers, ``batch_atoms`` may differ.
        """
        return self._with(self._job, options)

    def _with(self, job: Job, options: PotentialOptions) -> Potential:
        return Potential(
            self.name,
            self.architecture,
            job,
            options,
            path=self.path,
            sha256=self.sha256,
            python=self._python,
            manifest=self.manifest,
        )

    def calculator(self) -> Calculator:
        """ASE calculator of this potential; one frame at a time, nothing is cached."""
        from ms25_suite.potentials.ase_calculator import PotentialCalculator

        return PotentialCalculator(self.compute)

    def compute(self, frames: Frames) -> Predictions:
        """Like `predict`, but never from the cache."""
        self._check_elements(frames)
        return self._compute(frames)

    def run_lammps(self, frame: Frames, plan: MdPlan) -> LammpsRun:
        """Molecular dynamics or a minimisation in LAMMPS, inside one worker process.

        Nothing is cached. The time limit of a worker applies to each single step.

        Parameters
        ----------
        frame
            The start, exactly one frame, with a cell.
        plan
            What to do.

        Raises
        ------
        UsageError
            The frame has no cell, or does not fit the plan.
        ElementCoverageError
            The frame holds elements that the potential was not trained for.
        LammpsNotInstalledError
            LAMMPS or its MPI library is missing where the worker runs.
        LostAtomsError
            Atoms left the box.
        LammpsError
            LAMMPS stopped for another reason.
        NotFiniteError
            The potential returned numbers that are not finite.
        PredictionError
            It raised.
        PotentialError
            Another error; the class says which.
        """
        self._check_elements(frame)
        with progress(f"{self.name} in LAMMPS", plan.n_evaluations, "steps") as bar:
            return self._pool.run_lammps(frame, plan, bar.reach)

    def close(self) -> None:
        """End the worker processes; the next prediction starts them again."""
        self._pool.close()

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the running workers."""
        return self._pool.pids

    def _keep(self, block: Frames | None, found: Predictions | ModelInfo) -> None:
        """Write to the cache; if that fails, this run goes on without it."""
        if self._cache is None:
            return
        try:
            if isinstance(found, ModelInfo):
                self._cache.put_info(found)
            elif block is not None:
                self._cache.put(block, found)
        except OSError as error:
            self._not_kept = f"predictions could not be kept for the next run: {error}"
            self._cache = None

    def _check_elements(self, frames: Frames) -> None:
        known = self.info().elements
        if known is None or set(frames.elements) <= set(known):
            return
        from ase.data import chemical_symbols

        def symbols(numbers: tuple[int, ...]) -> str:
            return " ".join(chemical_symbols[z] for z in numbers)

        missing = tuple(z for z in frames.elements if z not in known)
        msg = (
            f"the potential {self.name} does not support {symbols(missing)}: it supports "
            f"{symbols(known)}, the data holds {symbols(frames.elements)}. Choose another dataset "
            "or a potential that was trained on these elements"
        )
        raise ElementCoverageError(msg)

    def _compute(
        self, frames: Frames, cuts: Sequence[int] = (), *, keep: bool = False
    ) -> Predictions:
        """Predictions by the workers.

        Parameters
        ----------
        frames
            The frames.
        cuts
            Where the blocks of the cache begin, and the number of frames.
        keep
            Whether each block is written to the cache as soon as it is complete.
        """
        if len(frames) == 0:
            return Predictions(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 6)))
        spans = self._messages(frames, cuts)
        gathered = Gathered(frames, cuts or [0, len(frames)])

        done: dict[int, int] = {}

        def partly(index: int, n_frames: int) -> None:
            done[index] = n_frames
            bar.reach(sum(done.values()))

        def arrived(index: int, part: Predictions) -> None:
            partly(index, spans[index][1] - spans[index][0])
            complete = gathered.add(spans[index], part)
            for span in map(gathered.span, complete if keep else ()):
                block, found = frames.select(np.arange(*span)), gathered.take(span)
                if not gathered.is_mixed(span) and not _not_finite(block, found):
                    self._keep(block, found)

        with progress(f"predictions of {self.name}", len(frames), "frames") as bar:
            self._pool.predict(frames, [np.arange(*span) for span in spans], arrived, partly)
        if gathered.lacks:
            msg = f"the potential {self.name} returned no energies or no forces"
            raise PredictionError(msg)
        everything = (0, len(frames))
        if gathered.is_mixed(everything):
            # Joined, they would be without any stress, and the check of it would be skipped.
            msg = f"the potential {self.name} returned a stress for some of the frames only"
            raise PredictionError(msg)
        predictions = gathered.take(everything)
        _check_finite(frames, predictions, self.name)
        return predictions

    def _messages(self, frames: Frames, cuts: Sequence[int]) -> list[Span]:
        """Frames of each message to a worker."""
        sizes, options = frames.n_atoms, self.options
        if self._in_single_batches:
            return single_messages(sizes, options.batch_atoms)
        if options.device == "cpu":
            whole = cuts or [0, len(frames)]
            return host_messages(sizes, whole, options.batch_atoms, options.n_workers)
        blocks = cuts or [*(int(part[0]) for part in batches(sizes, CACHE_ATOMS)), len(frames)]
        return device_messages(sizes, blocks, options.n_workers)


def _not_finite(frames: Frames, predictions: Predictions) -> dict[str, IntArray]:
    """Frames with NaN or infinity by quantity; a stress that a frame cannot have is left out."""
    assert predictions.energy is not None
    assert predictions.forces is not None
    bad = {"energy": np.flatnonzero(~np.isfinite(predictions.energy))}
    finite = np.isfinite(predictions.forces)
    # Row by row takes ten times as long.
    if not finite.all():
        bad["forces"] = np.unique(frames.frame_of_atom[~finite.all(axis=1)])
    if predictions.stress is not None:
        periodic = frames.pbc.all(axis=1)
        # NaN is how a frame that cannot have a stress is marked.
        bad["stress"] = np.flatnonzero(
            ~np.isfinite(predictions.stress).all(axis=1) & periodic,
        )
    return {quantity: found for quantity, found in bad.items() if len(found)}


def _check_finite(frames: Frames, predictions: Predictions, name: str) -> None:
    """Refuse NaN and infinity, except in the stress of frames that cannot have one."""
    bad = _not_finite(frames, predictions)
    if bad:
        every = np.unique(np.concatenate(list(bad.values())))
        msg = (
            f"the potential {name} returned {' and '.join(bad)} that are not finite (NaN or "
            f"infinity) for {len(every)} of {len(frames)} frames"
        )
        raise NotFiniteError(msg, tuple(int(frame) for frame in every))
