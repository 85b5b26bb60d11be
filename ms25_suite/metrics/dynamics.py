"""Short molecular dynamics, all frames in one batch at each step.

At constant energy (NVE): a potential whose forces are the derivative of a smooth energy conserves
the total energy but for the integrator's own ripple. Forces that are not, discontinuities at the
cutoff, and holes at short distances show as a drift, or as atoms that collapse.

At constant temperature (NVT), by Langevin's equation: atoms are pushed about as in a production
run, so that they also come to where a trajectory of constant energy does not. The total energy is
not conserved and says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.metrics.breaks import Break, Limits, broken
from ms25_suite.metrics.finite import Predict, predict_finite

__all__ = [
    "MIN_STEPS",
    "TEMPERATURE_K",
    "Bath",
    "Trajectories",
    "canonical_error",
    "energy_drifts",
    "initial_velocities",
    "integrate",
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

_PUSHES: Final = 1
"""Names the random numbers of a bath among those of the same seed."""


@dataclass(frozen=True, slots=True, eq=False)
class Bath:
    """Surroundings of some frames, by Langevin's equation.

    Parameters
    ----------
    temperatures
        Temperature of each frame in K, shape ``(n_frames,)``.
    frictions
        Friction of each frame in 1/ps, shape ``(n_frames,)``; at 0 its energy is constant.
    seed
        Seed of the random forces.
    """

    temperatures: FloatArray
    frictions: FloatArray
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """What happened along the trajectories; NaN from the break of a frame on.

    Parameters
    ----------
    times
        Times in ps, shape ``(n_steps + 1,)``.
    energies
        Total (potential and kinetic) energies in eV/atom, shape ``(n_frames, n_steps + 1)``.
    temperatures
        Kinetic energy of three degrees of freedom for each atom in K, of the same shape.
    breaks
        For each frame why it ended early; None if it did not.
    last
        Each frame where it ended.
    """

    times: FloatArray
    energies: FloatArray
    temperatures: FloatArray
    breaks: tuple[Break | None, ...]
    last: Frames


def timestep_fs(frames: Frames) -> float:
    """Time step in fs that the elements of some frames allow."""
    return HYDROGEN_TIMESTEP_FS if 1 in frames.elements else TIMESTEP_FS


def initial_velocities(
    frames: Frames, temperatures: FloatArray, seed: int, *, at_rest: BoolArray | None = None
) -> FloatArray:
    """Velocities of Maxwell and Boltzmann.

    Parameters
    ----------
    frames
        The frames.
    temperatures
        Temperature of each frame in K, shape ``(n_frames,)``.
    seed
        Seed of the random numbers.
    at_rest
        Whether each frame is at rest as a whole, shape ``(n_frames,)``; all are by default.

    Returns
    -------
    :
        Velocities in Å per ASE's unit of time (sqrt(u Å^2 / eV), 10.18 fs), shape
        ``(n_atoms_total, 3)``.
    """
    from ase.units import kB

    masses, frame = _masses(frames), frames.frame_of_atom
    rng = np.random.default_rng(seed)
    widths = np.sqrt(kB * np.asarray(temperatures)[frame] / masses)
    velocities = rng.normal(size=(len(masses), 3)) * widths[:, None]
    resting = np.ones(len(frames), dtype=np.bool_) if at_rest is None else at_rest
    total = np.bincount(frame, weights=masses, minlength=len(frames))
    for axis in range(3):
        momentum = np.bincount(frame, weights=masses * velocities[:, axis], minlength=len(frames))
        velocities[:, axis] -= np.where(resting, momentum / total, 0.0)[frame]
    return np.asarray(velocities, dtype=np.float64)


def integrate(
    frames: Frames,
    predict: Predict,
    velocities: FloatArray,
    *,
    timestep_fs: float,
    n_steps: int,
    limits: Limits,
    bath: Bath | None = None,
) -> Trajectories:
    """Integrate, each step one batch; a frame that breaks is left where it is.

    The BAOAB splitting of Langevin's equation: half a kick by the forces, half a drift, the exact
    solution for friction and random force, half a drift, half a kick. Of such splittings it has the
    smallest error in the positions (none in a harmonic well); the kinetic temperature at the end of
    a step is too low by (omega dt)^2 / 4 of itself. Without friction it is velocity Verlet.

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
    bath
        Temperatures and frictions; without it all energies are constant.

    Raises
    ------
    PredictionError
        The potential raised.

    References
    ----------
    B. Leimkuhler and C. Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990 (BAOAB);
    W. C. Swope, H. C. Andersen, P. H. Berens and K. R. Wilson, J. Chem. Phys. 76, 637 (1982),
    doi:10.1063/1.442716 (velocity Verlet).
    """
    from ase.units import fs, kB

    step_time = timestep_fs * fs
    positions, velocities = np.array(frames.positions), np.array(velocities)
    masses = _masses(frames)[:, None]
    energies = np.full((len(frames), n_steps + 1), np.nan)
    temperatures = np.full_like(energies, np.nan)
    breaks: list[Break | None] = [None] * len(frames)
    running = np.arange(len(frames), dtype=np.int64)
    forces = np.zeros_like(positions)
    frame_of_atom = frames.frame_of_atom
    pushes = None if bath is None else _Pushes(bath, frames, timestep_fs)
    for step in range(n_steps + 1):
        mine = np.isin(frame_of_atom, running)
        if step:
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
            positions[mine] += 0.5 * step_time * velocities[mine]
            if pushes is not None:
                velocities = pushes.applied(velocities)
            positions[mine] += 0.5 * step_time * velocities[mine]
        batch = _at(frames, positions).select(running)
        found, _ = predict_finite(predict, batch)
        forces[mine] = found.forces
        if step:
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
        for place, index in enumerate(running):
            breaks[index] = broken(batch, place, found, step, limits)
        kinetic = 0.5 * (masses * velocities**2).sum(axis=1)
        kinetic = np.bincount(frame_of_atom, weights=kinetic, minlength=len(frames))
        going = np.array([breaks[index] is None for index in running])
        alive = running[going]
        potential = np.asarray(found.energy)[going]
        energies[alive, step] = (potential + kinetic[alive]) / frames.n_atoms[alive]
        temperatures[alive, step] = kinetic[alive] / (1.5 * kB * frames.n_atoms[alive])
        running = alive
        if len(running) == 0:
            break
    times = np.asarray(np.arange(n_steps + 1) * (timestep_fs / FS_PER_PS), dtype=np.float64)
    last = _at(frames, positions)
    return Trajectories(times, energies, temperatures, tuple(breaks), last)


def energy_drifts(trajectories: Trajectories) -> FloatArray:
    """Slope of a line through the total energy over time, meV/atom/ps, shape ``(n_frames,)``.

    NaN for a trajectory that ended early: what it did before is no measure of it.
    """
    drifts = np.full(len(trajectories.breaks), np.nan)
    for index, ended in enumerate(trajectories.breaks):
        if ended is None:
            slope = np.polyfit(trajectories.times, trajectories.energies[index], 1)[0]
            drifts[index] = MEV_PER_EV * slope
    return drifts


def canonical_error(temperature: float, n_atoms: int, friction: float, duration: float) -> float:
    """Standard error of the mean kinetic temperature of a canonical trajectory of some length.

    The variance of the kinetic temperature is ``2 T^2 / (3 N)``. Its correlation decays as
    ``exp(-2 g t)`` for free particles in a bath of friction ``g``; that of weakly damped
    oscillators has the same integral, ``1 / (2 g)``. With ``x = 2 g t`` the mean over a time ``t``
    has ``2 / x [1 - (1 - exp(-x)) / x]`` of the variance.

    Parameters
    ----------
    temperature
        Temperature of the bath in K.
    n_atoms
        Number of atoms that are free to move.
    friction
        Friction in 1/ps, above 0.
    duration
        Length of the trajectory in ps, above 0.

    Returns
    -------
    :
        The standard error in K.

    References
    ----------
    D. Frenkel and B. Smit, Understanding Molecular Simulation, 2nd ed. (2002), section 6.1.1
    (variance); H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91, 461 (1989),
    doi:10.1063/1.457480 (mean of correlated data).
    """
    x = 2.0 * friction * duration
    averaged = 2.0 / x * (1.0 + np.expm1(-x) / x)
    return float(temperature * np.sqrt(2.0 / (3.0 * n_atoms) * averaged))


class _Pushes:
    """Exact solution of friction and random force over one time step."""

    def __init__(self, bath: Bath, frames: Frames, timestep_fs: float) -> None:
        from ase.units import kB

        frame = frames.frame_of_atom
        kept = np.exp(-np.asarray(bath.frictions) * timestep_fs / FS_PER_PS)[frame]
        thermal = kB * np.asarray(bath.temperatures)[frame] / _masses(frames)
        self._kept = kept[:, None]
        self._width = np.sqrt((1.0 - kept**2) * thermal)[:, None]
        # Not the stream of `initial_velocities`: pushes along them would heat.
        self._random = np.random.default_rng([bath.seed, _PUSHES])

    def applied(self, velocities: FloatArray) -> FloatArray:
        # Drawn for all atoms, so that a frame that ends leaves those of the others as they are.
        noise = self._random.normal(size=velocities.shape)
        return np.asarray(self._kept * velocities + self._width * noise, dtype=np.float64)


def _masses(frames: Frames) -> FloatArray:
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[np.asarray(frames.numbers)], dtype=np.float64)


def _at(frames: Frames, positions: FloatArray) -> Frames:
    return Frames(frames.numbers, positions, frames.cells, frames.pbc, frames.offsets)
