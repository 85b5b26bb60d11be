"""A potential timed in LAMMPS on one system, and whether LAMMPS computed the right thing."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, LammpsError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import Frames
from ms25_suite.core.machine import machine
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold, judge
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.held_out import unseen_frames
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.metrics.agreement import (
    Difference,
    agreement_tolerances,
    nve_drift,
    route_differences,
)
from ms25_suite.metrics.dynamics import TEMPERATURE_K, timestep_fs
from ms25_suite.metrics.errors import Statistic
from ms25_suite.metrics.extensivity import Tolerance
from ms25_suite.metrics.supercells import Repeats
from ms25_suite.metrics.throughput import N_BLOCKS, Speed, measured_speed
from ms25_suite.potentials.in_lammps import run_in_lammps
from ms25_suite.potentials.potential import Potential

__all__ = [
    "DRIFT_ROWS",
    "TimedRun",
    "device_and_dtype",
    "enough_steps",
    "representative_frame",
    "time_frame",
    "timing_plan",
]

_ALONE: Final = 0.9
"""Share of the wall time for which a process must have had its core: below, something else ran."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedRun:
    """A run of molecular dynamics at constant energy that was timed.

    Parameters
    ----------
    frame
        Where its start is in the dataset.
    repeats
        How often the frame was repeated along each cell vector.
    plan, run
        What LAMMPS was asked for, and what it did.
    differences, tolerances
        Between LAMMPS and the potential's own predictions for the start, and what of it is
        rounding, in eV/atom, eV/Å and eV/Å^3.
    drift
        Drift of the total energy in meV/atom/ps.
    mark
        Largest drift that is allowed; None if nothing is asked of it.
    speed
        How fast it was.
    device
        Device of the potential; empty if it chooses its own.
    load
        Load of the machine before the run (processes that ran or waited in the last minute).
    duration_s
        Time that everything took in seconds.
    """

    frame: int
    repeats: Repeats
    plan: MdPlan
    run: LammpsRun
    differences: Mapping[Quantity, Difference]
    tolerances: Mapping[Quantity, Tolerance]
    drift: Statistic
    mark: Threshold | None
    speed: Speed
    device: str
    load: float
    duration_s: float

    @property
    def disagreement(self) -> str:
        """Where LAMMPS does not compute what the potential predicts; empty if it does."""
        parts = [
            f"{quantity} differs by {MEV_PER_EV * found.value:.3g} "
            f"{QUANTITY_UNITS[quantity]} (tolerance "
            f"{MEV_PER_EV * self.tolerances[quantity].value:.3g})"
            for quantity, found in self.differences.items()
            if not found.value <= self.tolerances[quantity].value
        ]
        return "; ".join(parts)

    @property
    def drift_size(self) -> Statistic:
        """Magnitude of the drift; the lower end of its interval is zero if the sign is not sure."""
        low, high = self.drift.interval or (self.drift.value, self.drift.value)
        ends = sorted((abs(low), abs(high)))
        return Statistic(abs(self.drift.value), (0.0 if low < 0 < high else ends[0], ends[1]))

    @property
    def refusal(self) -> str:
        """Why there is no speed to report; empty if there is one."""
        if self.disagreement:
            return (
                f"no speed: LAMMPS ({self.run.route}) does not compute what the potential "
                f"predicts: {self.disagreement}"
            )
        size = self.drift_size
        if self.mark is not None and judge(size.value, size.interval, self.mark) is Verdict.FAIL:
            return (
                f"no speed: the total energy drifts by {self.drift.value:+.3g} {self.mark.unit} in "
                f"the measured run (at most {self.mark.value:g}): this is no dynamics at constant "
                "energy"
            )
        return ""

    def require_speed(self) -> None:
        """Refuse to give the speed of something else than the potential's dynamics.

        Raises
        ------
        LammpsError
            LAMMPS does not compute what the potential predicts, or the energy is not conserved.
        """
        if self.refusal:
            raise LammpsError(self.refusal)

    @property
    def shares(self) -> dict[str, float]:
        """Shares of the wall time: model, neighbour list, and LAMMPS with the rest."""
        wall = float(self.run.wall_s.sum())
        model = float(self.run.model_s.sum()) / wall
        neighbours = float(self.run.neighbour_s.sum()) / wall
        return {
            "model": model,
            "neighbour list": neighbours,
            "LAMMPS": max(0.0, 1.0 - model - neighbours),
        }

    @property
    def crowded(self) -> str:
        """Sign that other programs slowed the run; empty if there is none."""
        had = float(self.run.cpu_s.sum() / self.run.wall_s.sum())
        if self.device not in ("", "cpu") or had >= _ALONE:
            return ""
        elsewhere = "" if self.device else ", or it computes elsewhere"
        return (
            f"the process had a core for {100 * had:.0f} % of the measured time: other programs "
            f"ran beside it (load {self.load:.1f} on {machine()['n_cpu']} cores), so that alone "
            f"it is faster{elsewhere}"
        )

    def summary(self) -> str:
        """What else is known of the speed, in one line."""
        shares = ", ".join(f"{100 * share:.0f} % {name}" for name, share in self.shares.items())
        cell = "" if self.repeats == (1, 1, 1) else f", {' x '.join(map(str, self.repeats))} times"
        threads = "1 thread" if self.run.threads == 1 else f"{self.run.threads} threads"
        where = f"{threads} on {self.device or 'a device of its own choice'}"
        return (
            f"{self.run.n_atoms} atoms (frame {self.frame}{cell}), {self.run.route}, {where}, "
            f"{self.speed.ms_per_step:.3g} ms/step: {shares}; "
            f"{self.run.peak_memory_bytes / 2**20:.0f} MiB"
        )

    def details(self) -> dict[str, Any]:
        """Everything that was measured, and on what, for ``results.json``."""
        here = machine()
        return {
            "frame": self.frame,
            "repeats": list(self.repeats),
            "n_atoms": self.run.n_atoms,
            "route": self.run.route,
            "device": self.device,
            "threads": self.run.threads,
            "lammps_version": self.run.lammps_version,
            "cpu": here["cpu"],
            "n_cpu": here["n_cpu"],
            "gpu": here["gpu"],
            "load": self.load,
            "timestep_fs": self.plan.timestep_fs,
            "warmup_steps": self.plan.warmup_steps,
            "block_steps": self.plan.n_steps,
            "blocks": self.speed.blocks.tolist(),
            "median": self.speed.median,
            "interval": None if self.speed.interval is None else list(self.speed.interval),
            "quartiles": list(self.speed.quartiles),
            "ms_per_step": self.speed.ms_per_step,
            "shares": self.shares,
            "cpu_s": self.run.cpu_s.tolist(),
            "wall_s": self.run.wall_s.tolist(),
            "neighbour_builds": self.run.neighbour_builds,
            "peak_memory_bytes": self.run.peak_memory_bytes,
        }


DRIFT_ROWS: Final = 4
"""Rows of thermodynamic output in each block, out of which the drift is taken."""

BLOCK_S: Final = 0.5
"""Time of a block in seconds unless its steps are given: a program that takes the core for some
hundredths of a second, as there are on every machine, then moves it by a few per cent."""

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
        What is asked.
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
        What is asked.
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
        The potential cannot predict the frame; the class tells why.
    """
    start = time.perf_counter()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    predicted = potential.compute(frames)
    run = run_in_lammps(potential, frames, plan)
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
