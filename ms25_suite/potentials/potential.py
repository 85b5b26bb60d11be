"""A potential: predictions and dynamics in worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ms25_suite.core.errors import ElementCoverageError, NotFiniteError, PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.batching.graphs import batches
from ms25_suite.potentials.batching.limits import BATCH_ATOMS
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.workers.jobs import Job
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
        ``cpu``, ``cuda``, ``cuda:1``, …
    dtype
        ``float64`` or ``float32``.
    n_workers
        Worker processes for each potential.
    timeout_s
        Longest wait for one answer of a worker in seconds.
    batch_atoms
        Largest number of atoms in a batch.
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
    """

    device: str = "cpu"
    dtype: str = "float64"
    n_workers: int = 1
    timeout_s: float = 600.0
    batch_atoms: int = BATCH_ATOMS
    use_cache: bool = True
    species: tuple[str, ...] = ()
    compiled: bool = False
    lammps: Path | None = None
    pair_styles: bool = True


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
    ) -> None:
        self.name = name
        self.architecture = architecture
        self.path = path
        self.sha256 = sha256
        self.options = options
        self.manifest = manifest
        self._cache = cache
        self._damaged = [] if cache is None else cache.damaged
        self._not_kept = ""
        self._pool = WorkerPool(
            job, n_workers=options.n_workers, timeout_s=options.timeout_s, python=python
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
        parts: list[Predictions] = []
        for chosen in batches(frames.n_atoms, CACHE_ATOMS):
            block = frames.select(chosen)
            found = None if self._cache is None else self._cache.get(block)
            if found is None:
                try:
                    found = self._compute(block)
                except PredictionError as error:
                    # Numbers of frames in the block become numbers among all frames.
                    error.frames = tuple(int(chosen[frame]) for frame in error.frames)
                    raise
                self._keep(block, found)
            parts.append(found)
        if len({part.stress is None for part in parts}) > 1:
            # The same potential, with and without a stress: cached predictions are not its own.
            return self._compute(frames)
        return Predictions.concatenate(parts)

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
        return self._pool.run_lammps(frame, plan)

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

    def _compute(self, frames: Frames) -> Predictions:
        if len(frames) == 0:
            return Predictions(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 6)))
        # One batch is one message: the time limit is for a batch, and no worker is idle for long.
        tasks = list(batches(frames.n_atoms, self.options.batch_atoms))
        parts = self._pool.predict(frames, tasks)
        if len({part.stress is None for part in parts}) > 1:
            # Joined, they would be without any stress, and the check of it would be skipped.
            msg = f"the potential {self.name} returned a stress for some of the frames only"
            raise PredictionError(msg)
        predictions = Predictions.concatenate(parts)
        _check_finite(frames, predictions, self.name)
        return predictions


def _check_finite(frames: Frames, predictions: Predictions, name: str) -> None:
    """Refuse NaN and infinity, except in the stress of frames that cannot have one."""
    if predictions.energy is None or predictions.forces is None:
        msg = f"the potential {name} returned no energies or no forces"
        raise PredictionError(msg)
    bad = {
        "energy": np.flatnonzero(~np.isfinite(predictions.energy)),
        "forces": np.unique(
            frames.frame_of_atom[~np.isfinite(predictions.forces).all(axis=1)],
        ),
    }
    if predictions.stress is not None:
        periodic = frames.pbc.all(axis=1)
        # NaN is how a frame that cannot have a stress is marked.
        bad["stress"] = np.flatnonzero(
            ~np.isfinite(predictions.stress).all(axis=1) & periodic,
        )
    lacking = [quantity for quantity, found in bad.items() if len(found)]
    if lacking:
        every = np.unique(np.concatenate(list(bad.values())))
        msg = (
            f"the potential {name} returned {' and '.join(lacking)} that are not finite (NaN or "
            f"infinity) for {len(every)} of {len(frames)} frames"
        )
        raise NotFiniteError(msg, tuple(int(frame) for frame in every))
