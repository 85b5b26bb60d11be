"""Molecular dynamics of a potential in LAMMPS that was timed, and whether its speed is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ms25_suite.core.errors import LammpsError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.machine import machine
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold, judge
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.throughput.details import ThroughputDetails
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.metrics.agreement import (
    Difference,
)
from ms25_suite.metrics.intervals import Statistic
from ms25_suite.metrics.rounding import Tolerance
from ms25_suite.metrics.supercells import Repeats
from ms25_suite.metrics.throughput import Speed

__all__ = ["TimedRun"]

_ALONE: Final = 0.9
"""Share of the wall time that a process must have had a core; below it, the CPU was shared."""


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
        Instructions for LAMMPS, and what it returned.
    differences, tolerances
        Between LAMMPS and the potential's own predictions for the start, and what of it is
        rounding, in eV/atom, eV/Å and eV/Å^3.
    drift
        Drift of the total energy in meV/atom/ps.
    mark
        Threshold of the drift; None if there is none.
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
            # `not <=` instead of `>`: a NaN counts as a difference.
            if not found.value <= self.tolerances[quantity].value
        ]
        return "; ".join(parts)

    @property
    def drift_size(self) -> Statistic:
        """Magnitude of the drift; the lower end of its interval is zero if the sign is not sure."""
        # An interval of the signed drift becomes one of its magnitude.
        low, high = self.drift.interval or (self.drift.value, self.drift.value)
        ends = sorted((abs(low), abs(high)))
        return Statistic(abs(self.drift.value), (0.0 if low < 0 < high else ends[0], ends[1]))

    @property
    def refusal(self) -> str:
        """Why there is no speed to report; empty if there is one."""
        if self.disagreement:
            return (
                f"speed not reported: LAMMPS ({self.run.route}) and the potential disagree: "
                f"{self.disagreement}"
            )
        size = self.drift_size
        if self.mark is not None and judge(size.value, size.interval, self.mark) is Verdict.FAIL:
            return (
                f"speed not reported: the total energy drifts by {self.drift.value:+.3g} "
                f"{self.mark.unit} in the measured run (at most {self.mark.value:g}): this is "
                "no dynamics at constant energy"
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
        # Processor time over wall time: 1 if the process never waited for its core.
        had = float(self.run.cpu_s.sum() / self.run.wall_s.sum())
        # With a GPU the processor waits for it, and the ratio says nothing.
        if self.device not in ("", "cpu") or had >= _ALONE:
            return ""
        elsewhere = "" if self.device else ", or the potential runs on another device"
        return (
            f"the process had a core for {100 * had:.0f} % of the measured time: other programs "
            f"ran beside it (load {self.load:.1f} on {machine().n_cpu} cores), so the measured "
            f"speed is too low{elsewhere}"
        )

    def summary(self) -> str:
        """Size, device and shares of the time behind the speed, in one line."""
        shares = ", ".join(f"{100 * share:.0f} % {name}" for name, share in self.shares.items())
        cell = "" if self.repeats == (1, 1, 1) else f", {' x '.join(map(str, self.repeats))} times"
        threads = "1 thread" if self.run.threads == 1 else f"{self.run.threads} threads"
        where = f"{threads} on {self.device or 'a device of its own choice'}"
        return (
            f"{self.run.n_atoms} atoms (frame {self.frame}{cell}), {self.run.route}, {where}, "
            f"{self.speed.ms_per_step:.3g} ms/step: {shares}; "
            f"{self.run.peak_memory_bytes / 2**20:.0f} MiB"
        )

    def details(self) -> ThroughputDetails:
        """Everything that was measured, and on what, for ``results.json``."""
        here = machine()
        return ThroughputDetails(
            frame=self.frame,
            repeats=self.repeats,
            n_atoms=self.run.n_atoms,
            route=self.run.route,
            device=self.device,
            threads=self.run.threads,
            lammps_version=self.run.lammps_version,
            cpu=here.cpu,
            n_cpu=here.n_cpu,
            gpu=here.gpu,
            load=self.load,
            timestep_fs=self.plan.timestep_fs,
            warmup_steps=self.plan.warmup_steps,
            block_steps=self.plan.n_steps,
            blocks=tuple(self.speed.blocks.tolist()),
            median=self.speed.median,
            interval=self.speed.interval,
            quartiles=self.speed.quartiles,
            ms_per_step=self.speed.ms_per_step,
            shares=self.shares,
            cpu_s=tuple(self.run.cpu_s.tolist()),
            wall_s=tuple(self.run.wall_s.tolist()),
            neighbour_builds=self.run.neighbour_builds,
            peak_memory_bytes=self.run.peak_memory_bytes,
        )
