"""A potential in short molecular dynamics from test frames."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.criteria import MEASURES, Threshold
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.frames import Frames, IntArray
from ms25_suite.metrics.dynamics import (
    TEMPERATURE_K,
    Limits,
    Trajectories,
    energy_drifts,
    initial_velocities,
    run_nve,
    shortest_distances,
    timestep_fs,
)
from ms25_suite.potentials.potential import Potential
from ms25_suite.recorder import ARTIFACTS, CheckRecorder
from ms25_suite.results import CheckResult
from ms25_suite.units import DIMENSIONLESS
from ms25_suite.unseen import unseen_set

__all__ = ["CRITERION", "StabilityRuns", "run_dynamics"]

CRITERION: Final = "stability"

QUANTITY: Final = "energy_drift"

MOST_RUNS: Final = 4
MOST_ATOMS: Final = 500
"""Frames that are run, and atoms in all of them (one frame is always run): this bounds the cost."""

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

NO_BREAK: Final = Threshold(
    0.0,
    DIMENSIONLESS,
    "measurement",
    "ms25-suite: the test frames are stable structures of the reference, atoms neither overlap nor "
    "fly apart within a picosecond from there",
)

_SHOWN: Final = 100
"""Points of a trace that the report draws."""


@dataclass(frozen=True, slots=True, eq=False)
class StabilityRuns:
    """Trajectories of a potential from some test frames.

    Parameters
    ----------
    indices
        Where the frames are in the dataset, shape ``(n_frames,)``.
    trajectories
        What happened.
    timestep_fs
        Time step in fs.
    duration_s
        Time that it took in seconds.
    """

    indices: IntArray
    trajectories: Trajectories
    timestep_fs: float
    duration_s: float

    def record(self, recorder: CheckRecorder, threshold: Threshold | None) -> list[CheckResult]:
        """Record the largest drift of a run that lasted, and how many runs did not."""
        measure = MEASURES[CRITERION][QUANTITY]
        breaks = self.trajectories.breaks
        lasting = [index for index, broken in enumerate(breaks) if broken is None]
        shared: dict[str, Any] = {"n_frames": len(self.indices), "duration_s": self.duration_s}
        fields = shared | {"metric": measure.metric, "unit": measure.unit}
        fields["details"] = self._details()
        results = []
        if lasting:
            drifts = energy_drifts(self.trajectories)
            worst = max(lasting, key=lambda index: abs(drifts[index]))
            remark = f"{drifts[worst]:+.3g} meV/atom/ps from frame {self.indices[worst]}"
            if len(lasting) < len(breaks):
                remark += f", over the {len(lasting)} of {len(breaks)} runs that lasted"
            results.append(
                recorder.judge(
                    threshold,
                    value=float(abs(drifts[worst])),
                    interval=None,
                    reason=remark,
                    **fields,
                )
            )
        else:
            results.append(recorder.refuse(self._why(), **fields))
        results.append(
            recorder.judge(
                NO_BREAK,
                value=float(len(breaks) - len(lasting)),
                interval=None,
                quantity="broken_runs",
                metric=NO_BREAK.metric,
                unit=NO_BREAK.unit,
                reason=self._why(),
                artifact=self._keep_broken(recorder),
                **shared,
            )
        )
        return results

    def _why(self) -> str:
        """What ended the runs that did not last; empty if all did."""
        parts = [
            f"from frame {index} at step {broken.step} ({broken.step * self.timestep_fs:g} fs): "
            f"{broken.message}"
            for index, broken in zip(self.indices, self.trajectories.breaks, strict=True)
            if broken is not None
        ]
        return "" if not parts else f"{len(parts)} runs ended early: " + "; ".join(parts)

    def _keep_broken(self, recorder: CheckRecorder) -> str:
        """Write the frames at which runs ended; returns the path in the report folder."""
        broken = [index for index, b in enumerate(self.trajectories.breaks) if b is not None]
        if not broken:
            return ""
        from ase.io import write

        images = []
        for index in broken:
            atoms = self.trajectories.last.atoms(index)
            event = self.trajectories.breaks[index]
            atoms.info["frame"] = int(self.indices[index])
            atoms.info["step"] = -1 if event is None else event.step
            atoms.info["kind"] = "" if event is None else event.kind
            images.append(atoms)
        path = recorder.file_of("broken", ".extxyz")
        write(path, images, format="extxyz")
        return f"{ARTIFACTS}/{path.name}"

    def _details(self) -> dict[str, Any]:
        runs = self.trajectories
        step = -(-len(runs.times) // _SHOWN)
        traces = []
        for index, energies in enumerate(runs.energies):
            broken = runs.breaks[index]
            known = energies[np.isfinite(energies)]
            first = known[0] if len(known) else 0.0
            traces.append(
                {
                    "frame": int(self.indices[index]),
                    "energies": [float(1000.0 * (e - first)) for e in known[::step]],
                    "broken": "" if broken is None else broken.kind,
                    "broken_step": -1 if broken is None else broken.step,
                }
            )
        return {
            "dynamics": {
                "times": runs.times[::step].tolist(),
                "timestep_fs": self.timestep_fs,
                "temperature_K": TEMPERATURE_K,
                "runs": traces,
            }
        }


def run_dynamics(
    potential: Potential, dataset: Dataset, *, n_steps: int, seed: int
) -> StabilityRuns:
    """Integrate some test frames at constant energy, all of them in one batch at each step.

    Parameters
    ----------
    potential
        What is asked.
    dataset
        The dataset.
    n_steps
        Number of time steps.
    seed
        Seed of the velocities.

    Raises
    ------
    PotentialError
        The potential raised. Numbers that are not finite end the run of that frame only.
    """
    start = time.perf_counter()
    test = dataset.splits.test(set=unseen_set(potential, dataset))
    indices = _spread(test, dataset.frames)
    frames, _ = dataset.part(indices)
    timestep = timestep_fs(frames)
    trajectories = run_nve(
        frames,
        potential.predict,
        initial_velocities(frames, TEMPERATURE_K, seed),
        timestep_fs=timestep,
        n_steps=n_steps,
        limits=_limits(dataset, test),
    )
    return StabilityRuns(indices, trajectories, timestep, time.perf_counter() - start)


def _spread(test: IntArray, frames: Frames) -> IntArray:
    """A few test frames, evenly spread over them."""
    largest = int(frames.n_atoms[test].max())
    count = max(1, min(MOST_RUNS, len(test), MOST_ATOMS // largest))
    return np.asarray(test[np.linspace(0, len(test) - 1, count).astype(int)], dtype=np.int64)


def _limits(dataset: Dataset, test: IntArray) -> Limits:
    step = -(-len(test) // FRAMES_LOOKED_AT)
    shortest = shortest_distances(dataset.frames.select(test[::step]), NEIGHBOURS_A)
    _, labels = dataset.part(test)
    force = UNLABELLED_FORCE
    if labels.forces is not None:
        force = max(FORCE_FACTOR * float(np.abs(labels.forces).max()), FORCE_FACTOR)
    return Limits({pair: CLOSEST * distance for pair, distance in shortest.items()}, force)
