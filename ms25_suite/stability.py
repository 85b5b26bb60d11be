"""A potential in short molecular dynamics from test frames."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.fields import Ensemble
from ms25_suite.frames import FloatArray, Frames, IntArray
from ms25_suite.metrics.breaks import Limits, shortest_distances
from ms25_suite.metrics.dynamics import (
    TEMPERATURE_K,
    Bath,
    initial_velocities,
    integrate,
    timestep_fs,
)
from ms25_suite.potentials.potential import Potential
from ms25_suite.stability_runs import FRICTION_PER_PS, StabilityRuns
from ms25_suite.unseen import unseen_set

__all__ = ["run_dynamics"]

MOST_RUNS: Final = 4
MOST_ATOMS: Final = 500
"""Frames that are run in each ensemble, and atoms in all of them (one frame is always run): this
bounds the cost."""

CLOSEST: Final = 0.6
"""Atoms overlap below this part of the shortest distance of their elements in the test frames. That
distance is already the end of what thermal motion reaches; at 0.6 of it no bond is left."""

NEIGHBOURS_A: Final = 4.0
"""Distances up to here are looked at in the test frames, in Å: bonds, and the first neighbours of
metals."""

FORCE_FACTOR: Final = 10.0
"""A force explodes beyond this multiple of the largest component that the reference has on the test
frames."""

UNLABELLED_FORCE: Final = 100.0
"""The same in eV/Å where frames have no forces: a few bonds broken at once."""

FRAMES_LOOKED_AT: Final = 50


def run_dynamics(
    potential: Potential,
    dataset: Dataset,
    *,
    n_steps: int,
    seed: int,
    ensembles: Sequence[Ensemble] = ("nve", "nvt"),
) -> StabilityRuns:
    """Integrate some test frames in each ensemble, all of them in one batch at each step.

    Parameters
    ----------
    potential
        What is asked.
    dataset
        The dataset.
    n_steps
        Number of time steps.
    seed
        Seed of the velocities, and of the random forces.
    ensembles
        ``nve`` for constant energy, ``nvt`` for constant temperature; at least one.

    Raises
    ------
    PotentialError
        The potential raised. Numbers that are not finite end the run of that frame only.
    """
    start = time.perf_counter()
    test = dataset.splits.test(set=unseen_set(potential, dataset))
    chosen = _spread(test, dataset.frames)
    # The frames once for each ensemble: one batch for all of them.
    indices = np.tile(chosen, len(ensembles))
    of_run = tuple(name for name in ensembles for _ in chosen)
    constant_energy = np.array([name == "nve" for name in of_run])
    frames, _ = dataset.part(indices)
    temperatures = _temperatures(dataset, indices)
    timestep = timestep_fs(frames)
    trajectories = integrate(
        frames,
        potential.predict,
        initial_velocities(frames, temperatures, seed, at_rest=constant_energy),
        timestep_fs=timestep,
        n_steps=n_steps,
        limits=_limits(dataset, test),
        bath=Bath(temperatures, np.where(constant_energy, 0.0, FRICTION_PER_PS), seed),
    )
    duration = time.perf_counter() - start
    return StabilityRuns(indices, of_run, temperatures, trajectories, timestep, duration)


def _spread(test: IntArray, frames: Frames) -> IntArray:
    """A few test frames, evenly spread over them."""
    largest = int(frames.n_atoms[test].max())
    count = max(1, min(MOST_RUNS, len(test), MOST_ATOMS // largest))
    return np.asarray(test[np.linspace(0, len(test) - 1, count).astype(int)], dtype=np.int64)


def _temperatures(dataset: Dataset, indices: IntArray) -> FloatArray:
    """Temperature of each run in K."""
    known = np.asarray(dataset.temperatures)[indices]
    return np.where(np.isnan(known), TEMPERATURE_K, known)


def _limits(dataset: Dataset, test: IntArray) -> Limits:
    step = -(-len(test) // FRAMES_LOOKED_AT)
    shortest = shortest_distances(dataset.frames.select(test[::step]), NEIGHBOURS_A)
    _, labels = dataset.part(test)
    force = UNLABELLED_FORCE
    if labels.forces is not None:
        force = max(FORCE_FACTOR * float(np.abs(labels.forces).max()), FORCE_FACTOR)
    return Limits({pair: CLOSEST * distance for pair, distance in shortest.items()}, force)
