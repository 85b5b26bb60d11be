"""The speed of a potential in LAMMPS, and how the cost grows with the number of atoms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ms25_suite.core.errors import OutOfMemoryError, WorkerDiedError, WorkerTimeoutError
from ms25_suite.core.findings import Finding
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import (
    ATOMS_UNIT,
    DIMENSIONLESS,
    DRIFT_UNIT,
    MEMORY_UNIT,
    MEV_PER_EV,
    QUANTITY_UNITS,
    STEP_UNIT,
)
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.throughput import CRITERION
from ms25_suite.criteria.throughput.details import SIZES_KEY, SPEED_KEY, SizeCostDetails
from ms25_suite.criteria.throughput.timed_run import TimedRun
from ms25_suite.criteria.throughput.timing import DRIFT_ROWS, time_frame
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.supercells import find_repeats, repeated
from ms25_suite.metrics.throughput import fit_memory, fit_power_law
from ms25_suite.potentials.potential import Potential

__all__ = ["SizeCost", "Throughput", "measure_size_cost", "measure_throughput"]

_SPEED: Final = CRITERION.main

_MIB: Final = 2.0**20


@dataclass(frozen=True, slots=True, eq=False)
class Throughput:
    """Speed of a potential in LAMMPS, and whether LAMMPS computes what the potential predicts.

    Parameters
    ----------
    timed
        The timed run.
    """

    timed: TimedRun

    def record(self, recorder: CheckRecorder) -> None:
        """Record the agreement with the potential's predictions, and if it is given, the speed."""
        timed = self.timed
        shared: dict[str, Any] = {"n_frames": 1, "duration_s": timed.duration_s}
        self._record_agreement(recorder, shared)
        shared["conditions"] = _conditions(timed)
        fields = shared | {
            "details": {SPEED_KEY: timed.details().to_dict()},
            "findings": [Finding("crowded", timed.crowded)] if timed.crowded else [],
        }
        # No speed without the right answer: a pair style that computes something else may be
        # faster.
        if timed.refusal:
            recorder.fail(_SPEED, timed.refusal, **fields)
            return
        if timed.speed.noise:
            recorder.undecided(_SPEED, timed.speed.noise, **fields)
            return
        recorder.judge(
            _SPEED,
            value=timed.speed.median,
            interval=timed.speed.interval,
            reason=timed.summary(),
            **fields,
        )
        for name, value, unit in (
            ("ms_per_step", timed.speed.ms_per_step, STEP_UNIT),
            ("peak_memory", timed.run.peak_memory_bytes / _MIB, MEMORY_UNIT),
        ):
            recorder.measure(name, metric="measurement", value=value, unit=unit, **shared)

    def _record_agreement(self, recorder: CheckRecorder, shared: dict[str, Any]) -> None:
        """Record differences between LAMMPS and the predictions, and the drift of the energy."""
        timed = self.timed
        for quantity, found in timed.differences.items():
            tolerance = timed.tolerances[quantity]
            mark = Threshold(
                MEV_PER_EV * tolerance.value, QUANTITY_UNITS[quantity], "error", tolerance.reason
            )
            name = f"lammps_{quantity}"
            if math.isfinite(found.value):
                reason = found.where if found.value > tolerance.value else ""
                value = MEV_PER_EV * found.value
                recorder.judge_by(mark, name, value=value, reason=reason, **shared)
            else:
                fields = shared | {"metric": mark.metric, "unit": mark.unit}
                recorder.fail(name, f"LAMMPS reports no finite {quantity}", **fields)
        drift = timed.drift_size
        fields = {"value": drift.value, "interval": drift.interval} | shared
        if timed.mark is not None:
            recorder.judge_by(timed.mark, "lammps_drift", **fields)
        else:
            recorder.measure("lammps_drift", metric="error", unit=DRIFT_UNIT, **fields)


def measure_throughput(timed: TimedRun) -> Throughput:
    """Speed of a run that was timed, see `ms25_suite.criteria.throughput.timing.time_potential`."""
    return Throughput(timed)


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
        # A repeated point would count twice in the fit.
        every = {timed.run.n_atoms: timed for timed in (self.own, *self.runs.values())}
        usable = [timed for timed in every.values() if not timed.refusal]
        # Noisy points are still used in the power-law fit; its interval accounts for the scatter.
        noisy = [timed.run.n_atoms for timed in usable if timed.speed.noise]
        sizes = [timed.run.n_atoms for timed in usable]
        law = fit_power_law(sizes, [timed.speed.ms_per_step for timed in usable])
        if law is not None:
            memory = fit_memory(sizes, [timed.run.peak_memory_bytes / _MIB for timed in usable])
            cost = SizeCostDetails(
                n_atoms=tuple(sizes),
                ms_per_step=tuple(timed.speed.ms_per_step for timed in usable),
                quartiles=tuple(timed.speed.quartiles for timed in usable),
                katoms_per_s=tuple(timed.speed.median for timed in usable),
                memory_mib=tuple(timed.run.peak_memory_bytes / _MIB for timed in usable),
                exponent=law.exponent,
                prefactor_ms=law.prefactor,
                memory_line_mib=memory,
                too_large=None if self.too_large is None else self.too_large[0],
            )
            recorder.measure(
                "size_exponent",
                metric="measurement",
                value=law.exponent,
                interval=law.interval,
                unit=DIMENSIONLESS,
                n_frames=len(usable),
                reason=_growth(sizes, memory, noisy),
                details={SIZES_KEY: cost.to_dict()},
            )
        if self.too_large is not None:
            n_atoms, why = self.too_large
            largest = max(timed.run.n_atoms for timed in (self.own, *self.runs.values()))
            recorder.measure(
                "largest_system",
                metric="measurement",
                value=float(largest),
                unit=ATOMS_UNIT,
                n_frames=1,
                reason=f"{n_atoms} atoms could not be run: {why.splitlines()[0]}",
            )


def _record_size(wanted: int, timed: TimedRun, recorder: CheckRecorder) -> None:
    measure = CRITERION.measures[_SPEED]
    name = f"{_SPEED}_{wanted}"
    fields: dict[str, Any] = {
        "metric": measure.metric,
        "unit": measure.unit,
        "n_frames": 1,
        "duration_s": timed.duration_s,
        "details": {SPEED_KEY: timed.details().to_dict()},
        "conditions": _conditions(timed),
    }
    if timed.refusal:
        recorder.fail(name, timed.refusal, **fields)
    elif timed.speed.noise:
        recorder.undecided(name, timed.speed.noise, **fields)
    else:
        recorder.measure(
            name,
            value=timed.speed.median,
            interval=timed.speed.interval,
            reason=timed.summary(),
            **fields,
        )


def _conditions(timed: TimedRun) -> dict[str, str]:
    """Under which speeds are compared, beside the machine."""
    return {"threads": str(timed.details().threads)}


def _growth(sizes: Sequence[int], memory: tuple[float, float] | None, noisy: Sequence[int]) -> str:
    text = f"time per step grows as atoms to this power, {min(sizes)} to {max(sizes)} atoms"
    if memory is not None:
        text += f"; memory: {memory[0]:.0f} MiB and {1024 * memory[1]:.3g} KiB per atom"
    if noisy:
        text += f"; times of {', '.join(map(str, sorted(noisy)))} atoms were noisy"
    return text


def measure_size_cost(
    potential: Potential, dataset: Dataset, own: TimedRun, sizes: Sequence[int]
) -> SizeCost:
    """Time a potential on supercells of the frame that it was timed on.

    Each is run for about as many atom-steps as the frame was. What does not fit into the memory
    ends the series.

    Parameters
    ----------
    potential
        The potential.
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
            # Equal numbers of atom-steps: blocks of larger cells do not take longer than those of
            # the frame.
            n_steps = max(1, round(own.plan.n_steps * own.run.n_atoms / len(cell.numbers)))
            plan = replace(
                own.plan,
                n_steps=n_steps,
                warmup_steps=n_steps,
                thermo_every=max(1, n_steps // DRIFT_ROWS),
            )
            try:
                done[repeats] = time_frame(potential, cell, plan, frame=own.frame, repeats=repeats)
            # Ascending sizes: what does not fit now will not fit when it is larger.
            except (OutOfMemoryError, WorkerDiedError, WorkerTimeoutError) as error:
                return SizeCost(own, runs, (len(cell.numbers), str(error)))
        runs[wanted] = done[repeats]
    return SizeCost(own, runs, None)
