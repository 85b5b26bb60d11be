"""Short molecular dynamics at constant energy, all frames in one batch at each step.

A potential whose forces are the derivative of a smooth energy conserves the total energy but for
the integrator's own ripple. Forces that are not, discontinuities at the cutoff, and holes at short
distances show as a drift, or as atoms that collapse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ms25_suite.frames import FloatArray, Frames, IntArray
from ms25_suite.metrics.finite import Predict, predict_finite
from ms25_suite.units import MEV_PER_EV

__all__ = [
    "MIN_STEPS",
    "TEMPERATURE_K",
    "Break",
    "Limits",
    "Trajectories",
    "energy_drifts",
    "initial_velocities",
    "overlap",
    "run_nve",
    "shortest_distances",
    "timestep_fs",
]

TEMPERATURE_K: Final = 300.0
"""Temperature of the velocities. The frames themselves may come from a hotter sample: their
potential energy then heats the run, and the total energy does not change."""

TIMESTEP_FS: Final = 1.0
HYDROGEN_TIMESTEP_FS: Final = 0.5
"""Time steps without and with hydrogen: the latter is the paper's for its Reaction; zeolites are
sampled with 2 fs there."""

MIN_STEPS: Final = 20
"""Fewest steps: a line through fewer energies says nothing of a drift."""

FS_PER_PS: Final = 1000.0

Pairs = Mapping[tuple[int, int], float]
"""A distance in Å for pairs of atomic numbers, the smaller number first."""

BreakKind = Literal["overlap", "forces", "not-finite"]


@dataclass(frozen=True, slots=True)
class Break:
    """Why a trajectory ended early.

    Parameters
    ----------
    step
        The first step at which it happened; 0 is the start.
    kind
        ``overlap``: atoms are too close; ``forces``: one is too large; ``not-finite``: there is no
        finite energy or force.
    message
        What was found.
    """

    step: int
    kind: BreakKind
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a trajectory ends.

    Parameters
    ----------
    distances
        Closest distance that is allowed, in Å; pairs that are not named are not looked at.
    force
        Largest force component that is allowed, in eV/Å.
    """

    distances: Pairs
    force: float


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Energies along the trajectories.

    Parameters
    ----------
    times
        Times in ps, shape ``(n_steps + 1,)``.
    energies
        Total (potential and kinetic) energies in eV/atom, NaN from the break on, shape
        ``(n_frames, n_steps + 1)``.
    breaks
        For each frame why it ended early; None if it did not.
    last
        Each frame where it ended.
    """

    times: FloatArray
    energies: FloatArray
    breaks: tuple[Break | None, ...]
    last: Frames


def timestep_fs(frames: Frames) -> float:
    """Time step in fs that the elements of some frames allow."""
    return HYDROGEN_TIMESTEP_FS if 1 in frames.elements else TIMESTEP_FS


def initial_velocities(frames: Frames, temperature: float, seed: int) -> FloatArray:
    """Velocities of Maxwell and Boltzmann, each frame at rest as a whole.

    Parameters
    ----------
    frames
        The frames.
    temperature
        Temperature in K.
    seed
        Seed of the random numbers.

    Returns
    -------
    :
        Velocities in Å per ASE's unit of time (sqrt(u Å^2 / eV), 10.18 fs), shape
        ``(n_atoms_total, 3)``.
    """
    from ase.units import kB

    masses = _masses(frames)
    rng = np.random.default_rng(seed)
    velocities = rng.normal(size=(len(masses), 3)) * np.sqrt(kB * temperature / masses)[:, None]
    frame = frames.frame_of_atom
    total = np.bincount(frame, weights=masses, minlength=len(frames))
    for axis in range(3):
        momentum = np.bincount(frame, weights=masses * velocities[:, axis], minlength=len(frames))
        velocities[:, axis] -= (momentum / total)[frame]
    return np.asarray(velocities, dtype=np.float64)


def run_nve(
    frames: Frames,
    predict: Predict,
    velocities: FloatArray,
    *,
    timestep_fs: float,
    n_steps: int,
    limits: Limits,
) -> Trajectories:
    """Integrate by velocity Verlet, each step one batch; a frame that breaks is left where it is.

    Parameters
    ----------
    frames
        Where to start.
    predict
        Predicts all frames at once.
    velocities
        In Å per ASE's unit of time, shape ``(n_atoms_total, 3)``.
    timestep_fs
        Time step in fs.
    n_steps
        Number of steps.
    limits
        What ends a trajectory.

    Raises
    ------
    PredictionError
        The potential raised.

    References
    ----------
    W. C. Swope, H. C. Andersen, P. H. Berens and K. R. Wilson, J. Chem. Phys. 76, 637 (1982),
    doi:10.1063/1.442716.
    """
    from ase.units import fs

    step_time = timestep_fs * fs
    positions, velocities = np.array(frames.positions), np.array(velocities)
    masses = _masses(frames)[:, None]
    energies = np.full((len(frames), n_steps + 1), np.nan)
    breaks: list[Break | None] = [None] * len(frames)
    running = np.arange(len(frames), dtype=np.int64)
    forces = np.zeros_like(positions)
    frame_of_atom = frames.frame_of_atom
    for step in range(n_steps + 1):
        mine = np.isin(frame_of_atom, running)
        if step:
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
            positions[mine] += step_time * velocities[mine]
        batch = _at(frames, positions).select(running)
        found, _ = predict_finite(predict, batch)
        forces[mine] = found.forces
        if step:
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
        for place, index in enumerate(running):
            breaks[index] = _broken(batch, place, found, step, limits)
        kinetic = 0.5 * (masses * velocities**2).sum(axis=1)
        kinetic = np.bincount(frame_of_atom, weights=kinetic, minlength=len(frames))
        going = np.array([breaks[index] is None for index in running])
        alive = running[going]
        potential = np.asarray(found.energy)[going]
        energies[alive, step] = (potential + kinetic[alive]) / frames.n_atoms[alive]
        running = alive
        if len(running) == 0:
            break
    times = np.asarray(np.arange(n_steps + 1) * (timestep_fs / FS_PER_PS), dtype=np.float64)
    return Trajectories(times, energies, tuple(breaks), _at(frames, positions))


def energy_drifts(trajectories: Trajectories) -> FloatArray:
    """Slope of a line through the total energy over time, meV/atom/ps, shape ``(n_frames,)``.

    NaN for a trajectory that ended early: what it did before is no measure of it.
    """
    drifts = np.full(len(trajectories.breaks), np.nan)
    for index, broken in enumerate(trajectories.breaks):
        if broken is None:
            slope = np.polyfit(trajectories.times, trajectories.energies[index], 1)[0]
            drifts[index] = MEV_PER_EV * slope
    return drifts


def shortest_distances(frames: Frames, cutoff: float) -> dict[tuple[int, int], float]:
    """Shortest distance of each pair of elements in any frame, as far as it is below the cutoff.

    Parameters
    ----------
    frames
        The frames.
    cutoff
        Longest distance to look at in Å.
    """
    found: dict[tuple[int, int], float] = {}
    for index in range(len(frames)):
        i, j, distances = _neighbours(frames, index, cutoff)
        numbers = frames.numbers[frames.offsets[index] : frames.offsets[index + 1]]
        low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
        for pair in np.unique(np.stack([low, high], axis=1), axis=0):
            own = distances[(low == pair[0]) & (high == pair[1])].min()
            key = (int(pair[0]), int(pair[1]))
            found[key] = min(found.get(key, np.inf), float(own))
    return found


def overlap(frames: Frames, index: int, distances: Pairs) -> tuple[tuple[int, int], float] | None:
    """The pair of a frame that is closest relative to what is allowed, if it is too close.

    Returns
    -------
    :
        Atomic numbers and the distance in Å, or None.
    """
    if not distances:
        return None
    i, j, found = _neighbours(frames, index, max(distances.values()))
    if len(found) == 0:
        return None
    numbers = frames.numbers[frames.offsets[index] : frames.offsets[index + 1]]
    pairs = [(int(min(a, b)), int(max(a, b))) for a, b in zip(numbers[i], numbers[j], strict=True)]
    ratios = np.array(
        [d / distances[p] if p in distances else np.inf for p, d in zip(pairs, found, strict=True)]
    )
    worst = int(np.argmin(ratios))
    return (pairs[worst], float(found[worst])) if ratios[worst] < 1.0 else None


def _broken(batch: Frames, place: int, found: Any, step: int, limits: Limits) -> Break | None:
    from ase.data import chemical_symbols

    if not np.isfinite(found.energy[place]):
        return Break(step, "not-finite", "the energy or a force is not finite")
    close = overlap(batch, place, limits.distances)
    if close is not None:
        (one, other), distance = close
        names = f"{chemical_symbols[one]} and {chemical_symbols[other]}"
        allowed = limits.distances[one, other]
        msg = f"{names} are {distance:.2f} Å apart, closer than {allowed:.2f} Å"
        return Break(step, "overlap", msg)
    forces = found.forces[batch.offsets[place] : batch.offsets[place + 1]]
    largest = float(np.abs(forces).max(initial=0.0))
    if largest > limits.force:
        msg = f"a force component of {largest:.3g} eV/Å, larger than {limits.force:.3g} eV/Å"
        return Break(step, "forces", msg)
    return None


def _neighbours(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    # Not vesin: it imports torch where it can, which nothing in the process of pytest may do.
    from ase.geometry import complete_cell
    from matscipy.neighbours import neighbour_list

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    positions, pbc = np.array(frames.positions[part]), np.array(frames.pbc[index])
    cell = complete_cell(np.array(frames.cells[index]))
    if not pbc.any():
        # The list wants atoms that lie inside the cell.
        positions = positions - positions.min(axis=0) + 1.0
        cell = np.diag(positions.max(axis=0) + 1.0)
    i, j, d = neighbour_list("ijd", positions=positions, cell=cell, pbc=pbc, cutoff=cutoff)
    return np.asarray(i, np.int64), np.asarray(j, np.int64), np.asarray(d, np.float64)


def _masses(frames: Frames) -> FloatArray:
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[np.asarray(frames.numbers)], dtype=np.float64)


def _at(frames: Frames, positions: FloatArray) -> Frames:
    return Frames(frames.numbers, positions, frames.cells, frames.pbc, frames.offsets)
