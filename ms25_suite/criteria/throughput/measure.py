"""The speed of a potential in LAMMPS, and how the cost grows with the number of atoms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ms25_suite.core.errors import OutOfMemoryError, WorkerDiedError, WorkerTimeoutError
from ms25_suite.core.findings import Finding
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import MEASURES, Threshold
from ms25_suite.core.units import (
    ATOMS_UNIT,
    DIMENSIONLESS,
    DRIFT_UNIT,
    MEMORY_UNIT,
    MEV_PER_EV,
    QUANTITY_UNITS,
    STEP_UNIT,
)
from ms25_suite.criteria.throughput.timing import (
    DRIFT_ROWS,
    TimedRun,
    enough_steps,
    representative_frame,
    time_frame,
    timing_plan,
)
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.supercells import find_repeats, repeated
from ms25_suite.metrics.throughput import fit_memory, fit_power_law
from ms25_suite.potentials.potential import Potential

__all__ = [
    "CRITERION",
    "QUANTITY",
    "SizeCost",
    "record_speed",
    "time_potential",
    "time_sizes",
]

CRITERION: Final = "throughput"

QUANTITY: Final = "katoms_per_s"

_MIB: Final = 2.0**20


def time_potential(
    potential: Potential,
    dataset: Dataset,
    *,
    n_steps: int | None,
    seed: int,
    mark: Threshold | None,
) -> TimedRun:
    """Time a potential on a test frame of a dataset, which has the paper's own size.

    Parameters
    ----------
    potential
        What is asked.
    dataset
        The dataset.
    n_steps
        Steps of each block; None: as many as `enough_steps` finds.
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
        The potential cannot predict the frame; the class tells why.
    """
    frame = representative_frame(potential, dataset)
    frames = dataset.frames.select([frame])
    if n_steps is None:
        n_steps = enough_steps(potential, frames, seed)
    plan = timing_plan(frames, n_steps, seed)
    return time_frame(potential, frames, plan, frame=frame, mark=mark)


def record_speed(timed: TimedRun, recorder: CheckRecorder, threshold: Threshold | None) -> None:
    """Record what was asked before the speed, and the speed if the answers allow it."""
    shared: dict[str, Any] = {"n_frames": 1, "duration_s": timed.duration_s}
    for quantity, found in timed.differences.items():
        tolerance = timed.tolerances[quantity]
        mark = Threshold(
            MEV_PER_EV * tolerance.value, QUANTITY_UNITS[quantity], "error", tolerance.reason
        )
        fields = shared | {
            "quantity": f"lammps_{quantity}",
            "metric": mark.metric,
            "unit": mark.unit,
        }
        if math.isfinite(found.value):
            reason = found.where if found.value > tolerance.value else ""
            value = MEV_PER_EV * found.value
            recorder.judge(mark, value=value, interval=None, reason=reason, **fields)
        else:
            recorder.refuse(f"LAMMPS reports no finite {quantity}", **fields)
    drift = timed.drift_size
    recorder.judge(
        timed.mark,
        value=drift.value,
        interval=drift.interval,
        quantity="lammps_drift",
        metric="error",
        unit=DRIFT_UNIT,
        **shared,
    )
    measure = MEASURES[CRITERION][QUANTITY]
    crowded = [Finding("crowded", timed.crowded).to_dict()] if timed.crowded else []
    fields = shared | {
        "quantity": QUANTITY,
        "metric": measure.metric,
        "unit": measure.unit,
        "details": {"throughput": timed.details(), "findings": crowded},
    }
    if timed.refusal:
        recorder.refuse(timed.refusal, **fields)
        return
    if timed.speed.noise:
        recorder.measure(verdict=Verdict.UNDECIDED, reason=timed.speed.noise, **fields)
        return
    recorder.judge(
        threshold,
        value=timed.speed.median,
        interval=timed.speed.interval,
        reason=timed.summary(),
        **fields,
    )
    for name, value, unit in (
        ("ms_per_step", timed.speed.ms_per_step, STEP_UNIT),
        ("peak_memory", timed.run.peak_memory_bytes / _MIB, MEMORY_UNIT),
    ):
        recorder.measure(quantity=name, metric="measurement", value=value, unit=unit, **shared)


@dataclass(frozen=True, slots=True, eq=False)
class SizeCost:
    """A potential timed on supercells of one frame.

    Parameters
    ----------
    own
        The run on the frame itself.
    runs
        Runs by the number of atoms that was wanted, ascending.
    too_large
        Number of atoms of the first supercell that could not be run, and why; None if all could.
    """

    own: TimedRun
    runs: dict[int, TimedRun]
    too_large: tuple[int, str] | None

    def record(self, recorder: CheckRecorder) -> None:
        """Record the speed at each size, and how time and memory grow."""
        for wanted, timed in self.runs.items():
            _record_size(wanted, timed, recorder)
        # Two wanted numbers may have led to the same supercell.
        every = {timed.run.n_atoms: timed for timed in (self.own, *self.runs.values())}
        usable = [timed for timed in every.values() if not timed.refusal]
        # What is too noisy for a number of its own still tells the power, whose interval has the
        # scatter.
        noisy = [timed.run.n_atoms for timed in usable if timed.speed.noise]
        sizes = [timed.run.n_atoms for timed in usable]
        law = fit_power_law(sizes, [timed.speed.ms_per_step for timed in usable])
        if law is not None:
            memory = fit_memory(sizes, [timed.run.peak_memory_bytes / _MIB for timed in usable])
            recorder.measure(
                quantity="size_exponent",
                metric="measurement",
                value=law.exponent,
                interval=law.interval,
                unit=DIMENSIONLESS,
                n_frames=len(usable),
                reason=_growth(sizes, memory, noisy),
                details={
                    "size_cost": {
                        "n_atoms": sizes,
                        "ms_per_step": [timed.speed.ms_per_step for timed in usable],
                        "quartiles": [list(timed.speed.quartiles) for timed in usable],
                        "katoms_per_s": [timed.speed.median for timed in usable],
                        "memory_mib": [timed.run.peak_memory_bytes / _MIB for timed in usable],
                        "exponent": law.exponent,
                        "prefactor_ms": law.prefactor,
                        "memory_line_mib": None if memory is None else list(memory),
                        "too_large": None if self.too_large is None else self.too_large[0],
                    }
                },
            )
        if self.too_large is not None:
            n_atoms, why = self.too_large
            largest = max(timed.run.n_atoms for timed in (self.own, *self.runs.values()))
            recorder.measure(
                quantity="largest_system",
                metric="measurement",
                value=float(largest),
                unit=ATOMS_UNIT,
                n_frames=1,
                reason=f"{n_atoms} atoms could not be run: {why.splitlines()[0]}",
            )


def _record_size(wanted: int, timed: TimedRun, recorder: CheckRecorder) -> None:
    measure = MEASURES[CRITERION][QUANTITY]
    fields: dict[str, Any] = {
        "quantity": f"{QUANTITY}_{wanted}",
        "metric": measure.metric,
        "unit": measure.unit,
        "n_frames": 1,
        "duration_s": timed.duration_s,
        "details": {"throughput": timed.details()},
    }
    if timed.refusal:
        recorder.refuse(timed.refusal, **fields)
    elif timed.speed.noise:
        recorder.measure(verdict=Verdict.UNDECIDED, reason=timed.speed.noise, **fields)
    else:
        recorder.measure(
            value=timed.speed.median,
            interval=timed.speed.interval,
            reason=timed.summary(),
            **fields,
        )


def _growth(sizes: Sequence[int], memory: tuple[float, float] | None, noisy: Sequence[int]) -> str:
    text = f"time per step grows as atoms to this power, {min(sizes)} to {max(sizes)} atoms"
    if memory is not None:
        text += f"; memory: {memory[0]:.0f} MiB and {1024 * memory[1]:.3g} KiB per atom"
    if noisy:
        text += f"; times of {', '.join(map(str, sorted(noisy)))} atoms were noisy"
    return text


def time_sizes(
    potential: Potential, dataset: Dataset, own: TimedRun, sizes: Sequence[int]
) -> SizeCost:
    """Time a potential on supercells of the frame that it was timed on.

    Each is run for about as many atom-steps as the frame was. What does not fit into the memory
    ends the series.

    Parameters
    ----------
    potential
        What is asked.
    dataset
        The dataset.
    own
        The run on the frame.
    sizes
        Wanted numbers of atoms.

    Raises
    ------
    Ms25Error
        As for `time_potential`.
    """
    frames = dataset.frames.select([own.frame])
    runs: dict[int, TimedRun] = {}
    if own.refusal:
        return SizeCost(own, runs, None)
    done = {own.repeats: own}
    for wanted in sorted(sizes):
        repeats = find_repeats(frames, wanted)
        cell = repeated(frames, repeats)
        if repeats not in done:
            n_steps = max(1, round(own.plan.n_steps * own.run.n_atoms / len(cell.numbers)))
            plan = replace(
                own.plan,
                n_steps=n_steps,
                warmup_steps=n_steps,
                thermo_every=max(1, n_steps // DRIFT_ROWS),
            )
            try:
                done[repeats] = time_frame(potential, cell, plan, frame=own.frame, repeats=repeats)
            except (OutOfMemoryError, WorkerDiedError, WorkerTimeoutError) as error:
                return SizeCost(own, runs, (len(cell.numbers), str(error)))
        runs[wanted] = done[repeats]
    return SizeCost(own, runs, None)
