"""Timing a potential in LAMMPS: on which frame, for how many steps, and the run itself."""

from __future__ import annotations

import math
import os
import time
from dataclasses import replace
from typing import Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import unseen_frames
from ms25_suite.criteria.throughput.timed_run import TimedRun
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.metrics.agreement import (
    agreement_tolerances,
    nve_drift,
    route_differences,
)
from ms25_suite.metrics.dynamics.trajectories import TEMPERATURE_K, timestep_fs
from ms25_suite.metrics.supercells import Repeats
from ms25_suite.metrics.throughput import N_BLOCKS, measured_speed
from ms25_suite.potentials.in_lammps import run_in_lammps
from ms25_suite.potentials.potential import Potential

__all__ = [
    "DRIFT_ROWS",
    "device_and_dtype",
    "enough_steps",
    "not_asked",
    "representative_frame",
    "time_frame",
    "time_potential",
    "timing_plan",
]

DRIFT_ROWS: Final = 4
"""Rows of thermodynamic output in each block, out of which the drift is taken."""

BLOCK_S: Final = 0.5
"""Time of a block in seconds unless its steps are given: a program that takes the core for some
hundredths of a second, as there are on every machine, then moves it by a few per cent."""

_LONGER: Final = 8
"""How much longer blocks are that are timed again because those of `BLOCK_S` were noisy. Cores of
shared machines change their speed within seconds, which four seconds average out."""

_CALIBRATION_STEPS: Final = 10

_STEPS: Final = (20, 10_000)
"""Fewest and most steps of a block whose steps are not given."""


def representative_frame(potential: Potential, dataset: Dataset) -> int:
    """The unseen test frame whose volume per atom is in the middle, by its place in the dataset.

    The cost of a step goes with the number of neighbours, and that with the density.

    Raises
    ------
    DatasetError
        No test frame has a cell, or the potential has seen all of them.
    """
    indices, _ = unseen_frames(potential, dataset)
    frames = dataset.frames.select(indices)
    per_atom = frames.volumes / frames.n_atoms
    usable = np.flatnonzero(per_atom > 0)
    if len(usable) == 0:
        msg = (
            f"no test frame of {dataset.name} has a cell with a volume: LAMMPS needs one. Give "
            "frames with a cell (Lattice), or leave throughput out"
        )
        raise DatasetError(msg)
    order = usable[np.argsort(per_atom[usable], kind="stable")]
    # The lower median is a frame of the dataset.
    return int(indices[order[(len(order) - 1) // 2]])


def timing_plan(frames: Frames, n_steps: int, seed: int) -> MdPlan:
    """Dynamics at constant energy in nine blocks, after a block of warm-up.

    Parameters
    ----------
    frames
        The start.
    n_steps
        Steps of each block.
    seed
        Seed of the velocities.
    """
    return MdPlan(
        ensemble="nve",
        n_steps=n_steps,
        n_blocks=N_BLOCKS,
        # The first steps also compile kernels, allocate memory and leave the relaxed start.
        warmup_steps=n_steps,
        timestep_fs=timestep_fs(frames),
        temperature_K=TEMPERATURE_K,
        seed=seed + 1,  # LAMMPS' seeds start from 1
        thermo_every=max(1, n_steps // DRIFT_ROWS),
    )


def enough_steps(potential: Potential, frames: Frames, seed: int) -> int:
    """Steps that take half a second, found by a short run.

    Parameters
    ----------
    potential
        The potential.
    frames
        The start, exactly one frame.
    seed
        Seed of the velocities.

    Raises
    ------
    LammpsError, PotentialError
        As for `time_frame`.
    """
    plan = replace(timing_plan(frames, _CALIBRATION_STEPS, seed), n_blocks=1)
    run = run_in_lammps(potential, frames, plan)
    # From the speed of the short run to the number of steps in `BLOCK_S`.
    steps = math.ceil(BLOCK_S * plan.n_steps / float(run.wall_s.sum()))
    return min(max(steps, _STEPS[0]), _STEPS[1])


def device_and_dtype(potential: Potential) -> tuple[str, str]:
    """Where and how a potential computes; empty if it chooses itself, as a calculator does."""
    if potential.architecture in ("ase", "reference"):
        return "", ""
    return potential.options.device, potential.options.dtype


def time_frame(
    potential: Potential,
    frames: Frames,
    plan: MdPlan,
    *,
    frame: int,
    repeats: Repeats = (1, 1, 1),
    mark: Threshold | None = None,
) -> TimedRun:
    """Predict the start and run it in LAMMPS.

    Parameters
    ----------
    potential
        The potential.
    frames
        The start, exactly one frame.
    plan
        What to do.
    frame, repeats
        Where it comes from, for the record.
    mark
        Largest drift of the total energy that is allowed.

    Raises
    ------
    LammpsError
        LAMMPS is missing, lost atoms, or stopped.
    PotentialError
        The potential cannot predict the frame; the class of the error says why.
    """
    start = time.perf_counter()
    # Before the run, which itself adds to the load.
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    predicted = potential.compute(frames)
    run = run_in_lammps(potential, frames, plan)
    # Of a calculator the precision is not known: the wider tolerance.
    dtype = device_and_dtype(potential)[1] or "float32"
    return TimedRun(
        frame=frame,
        repeats=repeats,
        plan=plan,
        run=run,
        differences=route_differences(
            predicted, energy=run.energy, forces=run.forces, stress=run.stress
        ),
        tolerances=agreement_tolerances(dtype, run.energy / run.n_atoms),
        drift=nve_drift(
            run.thermo.steps,
            run.thermo.total_eV,
            n_atoms=run.n_atoms,
            timestep_fs=plan.timestep_fs,
        ),
        mark=mark,
        speed=measured_speed(run.n_atoms, plan.n_steps, run.wall_s.tolist()),
        device=device_and_dtype(potential)[0],
        load=load,
        duration_s=time.perf_counter() - start,
    )


def time_potential(
    potential: Potential,
    dataset: Dataset,
    *,
    n_steps: int | None,
    seed: int,
    mark: Threshold | None,
) -> TimedRun:
    """Time a potential on a test frame of a dataset, which has the paper's own size.

    If the speed is too noisy for a number, it is timed once more in blocks that are eight times as
    long. Whether that is done depends on the scatter alone, so that it does not favour any speed.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset.
    n_steps
        Steps of each block, also if it is noisy; None: as many as `enough_steps` finds.
    seed
        Seed of the velocities.
    mark
        Largest drift of the total energy that is allowed.

    Raises
    ------
    DatasetError
        No test frame has a cell.
    LammpsError
        LAMMPS is missing, lost atoms, or stopped.
    PotentialError
        The potential cannot predict the frame; the class of the error says why.
    """
    frame = representative_frame(potential, dataset)
    frames = dataset.frames.select([frame])
    steps = enough_steps(potential, frames, seed) if n_steps is None else n_steps
    plan = timing_plan(frames, steps, seed)
    timed = time_frame(potential, frames, plan, frame=frame, mark=mark)
    # A speed that is refused would be refused again.
    if n_steps is not None or timed.refusal or not timed.speed.noise:
        return timed
    plan = timing_plan(frames, _LONGER * steps, seed)
    again = time_frame(potential, frames, plan, frame=frame, mark=mark)
    return replace(again, duration_s=timed.duration_s + again.duration_s)


def not_asked(case: Case) -> NotAsked | None:
    """Left out for the baseline, which is not a potential."""
    if case.subject.kind == "baseline":
        return NotAsked("the baseline is not a potential, so there is no speed to measure")
    return None
