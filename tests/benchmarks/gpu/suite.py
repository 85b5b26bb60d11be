"""What the suite itself takes: predictions through a worker, their parts, and steps in LAMMPS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials.batching.profile import Profile
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.registry import get_architecture
from ms25_suite.training.manifest import read_manifest
from tests.benchmarks.gpu.clock import Clock

__all__ = ["alone", "differences", "in_process", "opened", "parts", "predicting", "stepping"]

_WARM_UP_STEPS = 5


@contextmanager
def opened(
    architecture: str, path: Path, device: str, dtype: str, *, compiled: bool = False
) -> Iterator[Potential]:
    """A potential in a worker of its own, as ``--mlip`` opens it; nothing is cached."""
    options = PotentialOptions(device=device, dtype=dtype, use_cache=False, compiled=compiled)
    manifest = read_manifest(path)
    potential = from_model_file(path, architecture, architecture, options, manifest=manifest)
    try:
        potential.info()
        yield potential
    finally:
        potential.close()


def in_process(architecture: str, path: Path, device: str, dtype: str) -> EdgeEvaluator:
    """The evaluator of a worker, but in this process, where its parts can be timed."""
    return EdgeEvaluator(get_architecture(architecture).load(path, device=device, dtype=dtype))


def predicting(potential: Potential, frames: Frames) -> dict[str, Any]:
    """Times of two predictions of the same frames; the first one finds the best batch size."""
    found = []
    for _ in range(2):
        start = time.perf_counter()
        potential.predict(frames)
        found.append(time.perf_counter() - start)
    n_atoms = len(frames.numbers)
    return {
        "n_frames": len(frames),
        "n_atoms": n_atoms,
        "first_s": found[0],
        "s": found[1],
        "us_per_atom": 1e6 * found[1] / n_atoms,
        "first_us_per_atom": 1e6 * found[0] / n_atoms,
    }


def parts(evaluator: EdgeEvaluator, frames: Frames, clock: Clock) -> dict[str, Any]:
    """Where the time of a prediction goes, once the best batch size is known.

    The shares of neighbours and copies overlap with the model where they are made ahead.
    """
    evaluator.predict(frames)
    profile = Profile()
    peak = clock.peak_bytes(lambda: evaluator.predict(frames, profile=profile))
    seconds = profile.seconds()
    n_atoms = len(frames.numbers)
    return {
        "n_frames": len(frames),
        "n_atoms": n_atoms,
        "wall_s": profile.wall_s,
        "us_per_atom": 1e6 * profile.wall_s / n_atoms,
        "parts_s": seconds,
        "shares": profile.shares(),
        "batches": len(profile.batches),
        "largest_batch_atoms": max(batch.n_atoms for batch in profile.batches),
        "largest_batch_edges": max(batch.n_edges for batch in profile.batches),
        "retried": profile.retried,
        "peak_bytes": peak,
    }


def alone(evaluator: EdgeEvaluator, frames: Frames, clock: Clock) -> dict[str, float]:
    """Edges of one batch and its evaluation, in µs for each atom, one after the other.

    In a prediction they share the device, so that each takes longer there. Empty on a CPU.
    """
    runner = evaluator.model.runner
    if runner is None:
        return {}
    staged, _ = runner.stage_frames(frames, evaluator.cutoff)
    seconds = {
        "edges": clock.time(lambda: runner.stage_frames(frames, evaluator.cutoff), most_s=1.0),
        "model": clock.time(lambda: runner.launch(staged).result(), most_s=2.0),
    }
    n_atoms = len(frames.numbers)
    return {
        f"{name}_us_per_atom": 1e6 * timing.median_s / n_atoms for name, timing in seconds.items()
    }


def stepping(potential: Potential, frame: Frames, n_steps: int) -> dict[str, Any]:
    """Molecular dynamics in LAMMPS: time of a step, and whether LAMMPS got the same forces."""
    plan = MdPlan(
        ensemble="nve",
        n_steps=n_steps,
        warmup_steps=_WARM_UP_STEPS,
        temperature_K=300.0,
        thermo_every=n_steps,
    )
    run = potential.run_lammps(frame, plan)
    predicted = potential.predict(frame)
    assert predicted.energy is not None
    assert predicted.forces is not None
    drift = np.ptp(run.thermo.total_eV) / run.n_atoms
    wall, model, neighbours = (
        1e3 * float(part.sum()) / n_steps for part in (run.wall_s, run.model_s, run.neighbour_s)
    )
    return {
        "route": run.route,
        "n_atoms": run.n_atoms,
        "n_steps": n_steps,
        "ms_per_step": wall,
        "model_ms": model,
        "neighbour_ms": neighbours,
        "lammps_ms": wall - model - neighbours,
        "neighbour_builds": run.neighbour_builds,
        "route_energy_eV_per_atom": abs(float(predicted.energy[0]) - run.energy) / run.n_atoms,
        "route_forces_eV_per_A": float(np.abs(predicted.forces - run.forces).max()),
        "energy_change_eV_per_atom": float(drift),
    }


def differences(one: Predictions, other: Predictions, frames: Frames) -> dict[str, float]:
    """Largest differences in eV/atom, eV/Å and eV/Å^3, and the size of the forces they compare."""
    assert one.energy is not None
    assert other.energy is not None
    assert one.forces is not None
    assert other.forces is not None
    found = {
        "energy_eV_per_atom": float(np.abs((one.energy - other.energy) / frames.n_atoms).max()),
        "forces_eV_per_A": float(np.abs(one.forces - other.forces).max()),
        "forces_rms_eV_per_A": float(np.sqrt((np.asarray(other.forces) ** 2).mean())),
    }
    if one.stress is not None and other.stress is not None:
        found["stress_eV_per_A3"] = float(np.nanmax(np.abs(one.stress - other.stress)))
    return found
