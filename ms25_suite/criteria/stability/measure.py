"""Trajectories of a potential from test frames, and what is recorded of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.fields import Ensemble
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS, MEV_PER_EV, TEMPERATURE_UNIT
from ms25_suite.criteria.held_out import test_frames
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.stability.details import KEY, DynamicsDetails, DynamicsRun
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.dynamics.bath import Bath, canonical_error
from ms25_suite.metrics.dynamics.breaks import Limits, shortest_distances
from ms25_suite.metrics.dynamics.trajectories import (
    TEMPERATURE_K,
    Trajectories,
    energy_drifts,
    initial_velocities,
    integrate,
    timestep_fs,
)
from ms25_suite.potentials.potential import Potential

__all__ = ["FRICTION_PER_PS", "StabilityRuns", "measure_stability"]

FRICTION_PER_PS: Final = 10.0
"""Friction of the bath: the damping time of 0.1 ps by which the slabs and the water of the suite
were sampled (`ms25_suite.reference`). A weaker one would hardly act within a few hundred steps."""

NO_BREAK: Final = Threshold(
    0.0,
    DIMENSIONLESS,
    "measurement",
    "ms25-suite: the test frames are stable structures of the reference, atoms neither overlap nor "
    "fly apart within a picosecond from there",
)

_NORMAL_95: Final = 1.96
"""Half the width of the 95 % interval of a normal distribution, in standard deviations."""

_SHOWN: Final = 100
"""Points of a trace that the report draws."""


@dataclass(frozen=True, slots=True, eq=False)
class StabilityRuns:
    """Trajectories of a potential from some test frames.

    Parameters
    ----------
    indices
        Where the frame of each run is in the dataset, shape ``(n_runs,)``.
    ensembles
        Ensemble of each run.
    temperatures
        Temperature of each run in K, shape ``(n_runs,)``: of the first velocities, and of the bath.
    trajectories
        What happened.
    timestep_fs
        Time step in fs.
    duration_s
        Time that it took in seconds.
    """

    indices: IntArray
    ensembles: tuple[Ensemble, ...]
    temperatures: FloatArray
    trajectories: Trajectories
    timestep_fs: float
    duration_s: float

    def record(self, recorder: CheckRecorder) -> None:
        """Record drift and temperature of completed runs, and the number that ended early."""
        if "nve" in self.ensembles:
            self._record_drift(recorder)
        if "nvt" in self.ensembles:
            self._record_temperature(recorder)
        broken = [event for event in self.trajectories.breaks if event is not None]
        names = " and ".join(dict.fromkeys(name.upper() for name in self.ensembles))
        # A broken run counts, as its drift is not measured: without it the most unstable
        # potentials would be judged on their harmless trajectories only.
        recorder.judge_by(
            NO_BREAK,
            "broken_runs",
            value=float(len(broken)),
            reason=self._why(range(len(self.indices)))
            or f"all {len(self.indices)} runs lasted ({names})",
            artifact=self._keep_broken(recorder),
            **self._shared(),
        )

    def _record_drift(self, recorder: CheckRecorder) -> None:
        """Record the largest drift of a run at constant energy."""
        fields = self._shared() | {"details": self._details("nve")}
        runs, lasting = self._runs("nve"), self._lasting("nve")
        if not lasting:
            recorder.fail("energy_drift", self._why(runs), **fields)
            return
        drifts = energy_drifts(self.trajectories)
        # The largest, not the mean: drifts of opposite sign would cancel.
        worst = max(lasting, key=lambda run: abs(drifts[run]))
        reason = f"{drifts[worst]:+.3g} meV/atom/ps from frame {self.indices[worst]}"
        if len(lasting) < len(runs):
            reason += f", over the {len(lasting)} of {len(runs)} runs that lasted"
        value = float(abs(drifts[worst]))
        recorder.judge("energy_drift", value=value, reason=reason, **fields)

    def _record_temperature(self, recorder: CheckRecorder) -> None:
        """Record how far the mean temperature of the runs in a bath is from that of the bath.

        No threshold is set for it. Forces that are not the derivative of an energy heat a run in a
        bath by ``drift / (3 k friction)`` only: the drift that fails at constant energy, 1
        meV/atom/ps, makes 0.4 K, and a few hundred steps give the temperature to a few K.
        """
        lasting, found = self._lasting("nvt"), self.trajectories
        if not lasting:
            return
        means = np.array([found.temperatures[run].mean() for run in lasting])
        errors = [
            canonical_error(
                float(self.temperatures[run]),
                int(found.last.n_atoms[run]),
                FRICTION_PER_PS,
                float(found.times[-1]),
            )
            for run in lasting
        ]
        shift = float(np.mean(means - self.temperatures[lasting]))
        # Standard error of the mean of independent runs: sqrt(sum of squares) / n.
        half = _NORMAL_95 * float(np.linalg.norm(errors)) / len(errors)
        each = ", ".join(
            f"{mean:.0f} K of {self.temperatures[run]:.0f} K (± {error:.0f} K)"
            for mean, run, error in zip(means, lasting, errors, strict=True)
        )
        recorder.measure(
            "temperature_shift",
            metric="measurement",
            unit=TEMPERATURE_UNIT,
            value=shift,
            interval=(shift - half, shift + half),
            reason=f"{each}: mean, and standard error of a canonical run of this length",
            details=self._details("nvt"),
            **self._shared(),
        )

    def _runs(self, ensemble: Ensemble) -> list[int]:
        return [run for run, name in enumerate(self.ensembles) if name == ensemble]

    def _lasting(self, ensemble: Ensemble) -> list[int]:
        return [run for run in self._runs(ensemble) if self.trajectories.breaks[run] is None]

    def _shared(self) -> dict[str, Any]:
        return {
            "n_frames": len(np.unique(self.indices)),
            "duration_s": self.duration_s,
            # A longer run has more time to break, and another mean drift.
            "conditions": {
                "length": f"{float(self.trajectories.times[-1]):g} ps",
                "ensembles": " ".join(sorted(set(self.ensembles))),
            },
        }

    def _why(self, runs: Sequence[int]) -> str:
        """Reasons why some of the runs ended early; empty if none did."""
        parts = []
        for run in runs:
            event = self.trajectories.breaks[run]
            if event is not None:
                parts.append(
                    f"{self.ensembles[run].upper()} from frame {self.indices[run]} at step "
                    f"{event.step} ({event.step * self.timestep_fs:g} fs): {event.message}"
                )
        return "" if not parts else f"{len(parts)} runs ended early: " + "; ".join(parts)

    def _keep_broken(self, recorder: CheckRecorder) -> str:
        """Write the frames at which runs ended; returns the path in the report folder."""
        from ase.io import write

        images = []
        for run, event in enumerate(self.trajectories.breaks):
            if event is None:
                continue
            atoms = self.trajectories.last.atoms(run)
            atoms.info["frame"] = int(self.indices[run])
            atoms.info["ensemble"] = self.ensembles[run]
            atoms.info["step"] = event.step
            atoms.info["kind"] = event.kind
            images.append(atoms)
        if not images:
            return ""
        return recorder.keep("broken", ".extxyz", lambda path: write(path, images, format="extxyz"))

    def _details(self, ensemble: Ensemble) -> dict[str, Any]:
        """Traces of an ensemble: total energy in meV/atom since the start, or temperature in K."""
        # Ceiling division.
        step = -(-len(self.trajectories.times) // _SHOWN)
        details = DynamicsDetails(
            ensemble=ensemble,
            times=tuple(self.trajectories.times[::step].tolist()),
            timestep_fs=self.timestep_fs,
            runs=tuple(self._describe(run, ensemble, step) for run in self._runs(ensemble)),
        )
        return {KEY: details.to_dict()}

    def _describe(self, run: int, ensemble: Ensemble, step: int) -> DynamicsRun:
        event = self.trajectories.breaks[run]
        energies = temperatures = None
        if ensemble == "nve":
            known = self.trajectories.energies[run]
            # A broken run has NaN from its end on.
            known = known[np.isfinite(known)]
            # The zero of the energy is arbitrary: only changes since the start count.
            first = known[0] if len(known) else 0.0
            energies = tuple(float(MEV_PER_EV * (e - first)) for e in known[::step])
        else:
            known = self.trajectories.temperatures[run]
            temperatures = tuple(known[np.isfinite(known)][::step].tolist())
        return DynamicsRun(
            frame=int(self.indices[run]),
            temperature_K=float(self.temperatures[run]),
            broken="" if event is None else event.kind,
            broken_step=-1 if event is None else event.step,
            energies=energies,
            temperatures=temperatures,
        )


MOST_RUNS: Final = 4
MOST_ATOMS: Final = 500
"""Frames that are run in each ensemble, and atoms in all of them (one frame is always run): this
bounds the cost."""

CLOSEST: Final = 0.6
"""Atoms overlap below this part of the shortest distance of their elements in the test frames. That
distance is already the end of what thermal motion reaches; 0.6 of it is far inside the
repulsive wall."""

NEIGHBOURS_A: Final = 4.0
"""Distances up to here are looked at in the test frames, in Å: bonds, and the first neighbours of
metals."""

FORCE_FACTOR: Final = 10.0
"""A force explodes beyond this multiple of the largest component that the reference has on the test
frames."""

UNLABELLED_FORCE: Final = 100.0
"""The same in eV/Å where frames have no forces: a few bonds broken at once."""

FRAMES_LOOKED_AT: Final = 50


def measure_stability(
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
        The potential.
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
    test = test_frames(potential, dataset)
    chosen = _spread(test, dataset.frames)
    # The frames once for each ensemble: one batch for all of them.
    indices = np.tile(chosen, len(ensembles))
    of_run = tuple(name for name in ensembles for _ in chosen)
    # Zero friction turns the Langevin integrator into velocity Verlet, so that both ensembles run
    # in one batch.
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
    # The number of runs is limited, not their length: a drift takes time to show.
    count = max(1, min(MOST_RUNS, len(test), MOST_ATOMS // largest))
    return np.asarray(test[np.linspace(0, len(test) - 1, count).astype(int)], dtype=np.int64)


def _temperatures(dataset: Dataset, indices: IntArray) -> FloatArray:
    """Temperature of each run in K."""
    known = np.asarray(dataset.temperatures)[indices]
    # At the temperature that the frame was sampled at, where known: that is inside the training
    # data.
    return np.where(np.isnan(known), TEMPERATURE_K, known)


def _limits(dataset: Dataset, test: IntArray) -> Limits:
    step = -(-len(test) // FRAMES_LOOKED_AT)
    shortest = shortest_distances(dataset.frames.select(test[::step]), NEIGHBOURS_A)
    _, labels = dataset.part(test)
    force = UNLABELLED_FORCE
    if labels.forces is not None:
        # At least 10 eV/Å: frames at rest have almost no forces.
        force = max(FORCE_FACTOR * float(np.nanmax(np.abs(labels.forces))), FORCE_FACTOR)
    return Limits({pair: CLOSEST * distance for pair, distance in shortest.items()}, force)
