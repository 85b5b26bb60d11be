"""Short molecular dynamics, with all frames in one batch at each step.

At constant energy (NVE), a potential whose forces are the derivative of a smooth energy conserves
the total energy up to the bounded oscillation of the integrator. Forces that are no derivative,
discontinuities at the cutoff and unphysical minima at short distances show up as a drift, or as
atoms that collapse.

At constant temperature (NVT, Langevin's equation), atoms also reach configurations that a
trajectory of constant energy does not, as in a production run. The total energy is not conserved
then and is not evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.core.text.progress import steps
from ms25_suite.core.units import FS_PER_PS, MEV_PER_EV
from ms25_suite.metrics.dynamics.bath import Bath, RandomForces, atom_masses
from ms25_suite.metrics.dynamics.breaks import Break, Limits, find_break
from ms25_suite.metrics.finite import Predict, predict_finite

__all__ = [
    "MIN_STEPS",
    "TEMPERATURE_K",
    "Trajectories",
    "energy_drifts",
    "initial_velocities",
    "integrate",
    "timestep_fs",
]

TEMPERATURE_K: Final = 300.0
"""Temperature of the initial velocities. Frames sampled at a higher temperature have more potential
energy and heat up the run, which does not change the total energy."""

TIMESTEP_FS: Final = 1.0
HYDROGEN_TIMESTEP_FS: Final = 0.5
"""Time steps for frames without and with hydrogen. The paper uses 0.5 fs for its Reaction dataset
and 2 fs to sample zeolites (Maxson et al., JCIM 2025)."""

MIN_STEPS: Final = 20
"""Fewest steps: a line through fewer energies is no measure of a drift."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Trajectories of some frames; NaN from the step at which a frame ended early.

    Parameters
    ----------
    times
        Times in ps, shape ``(n_steps + 1,)``.
    energies
        Total (potential and kinetic) energies in eV/atom, shape ``(n_frames, n_steps + 1)``.
    temperatures
        Kinetic temperature in K with three degrees of freedom per atom, same shape.
    breaks
        Why each frame ended early; None for a frame that did not.
    last
        The last configuration of each frame.
    """

    times: FloatArray
    energies: FloatArray
    temperatures: FloatArray
    breaks: tuple[Break | None, ...]
    last: Frames


def timestep_fs(frames: Frames) -> float:
    """Time step in fs for the elements of some frames: 0.5 with hydrogen, else 1."""
    return HYDROGEN_TIMESTEP_FS if 1 in frames.elements else TIMESTEP_FS


def initial_velocities(
    frames: Frames, temperatures: FloatArray, seed: int, *, at_rest: BoolArray | None = None
) -> FloatArray:
    """Velocities drawn from the Maxwell-Boltzmann distribution.

    Parameters
    ----------
    frames
        The frames.
    temperatures
        Temperature of each frame in K, shape ``(n_frames,)``.
    seed
        Seed of the random numbers.
    at_rest
        Whether to remove the momentum of the centre of mass of each frame, shape ``(n_frames,)``;
        by default of all frames.

    Returns
    -------
    :
        Velocities in Å per ASE's unit of time (sqrt(u Å^2 / eV), 10.18 fs), shape
        ``(n_atoms_total, 3)``.
    """
    from ase.units import kB

    masses, frame = atom_masses(frames), frames.frame_of_atom
    rng = np.random.default_rng(seed)
    # Each component is normal with variance k T / m.
    widths = np.sqrt(kB * np.asarray(temperatures)[frame] / masses)
    velocities = rng.normal(size=(len(masses), 3)) * widths[:, None]
    # Without external forces the total momentum is conserved: a drifting cell would only hide in
    # the kinetic temperature. Removing it takes three of the 3 N degrees of freedom.
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
    """Integrate the equations of motion; a frame that ends early stays where it is.

    The BAOAB splitting of Langevin's equation: half a step of velocities with the forces (B), half
    a step of positions (A), the exact solution for friction and random force (O), then A and B
    again. Of such splittings it has the smallest error in the positions (none in a harmonic well);
    the kinetic temperature at the end of a step is too low by a fraction (omega dt)^2 / 4. Without
    friction it is velocity Verlet.

    Parameters
    ----------
    frames
        Start frames.
    predict
        Predicts all frames at once.
    velocities
        Initial velocities in Å per ASE's unit of time, shape ``(n_atoms_total, 3)``.
    timestep_fs
        Time step in fs.
    n_steps
        Number of steps.
    limits
        Distances and forces at which a trajectory ends.
    bath
        Temperatures and frictions; by default all frames are at constant energy.

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

    # ASE's unit of time: forces in eV/Å over masses in u are accelerations without a factor.
    step_time = timestep_fs * fs
    positions, velocities = np.array(frames.positions), np.array(velocities)
    masses = atom_masses(frames)[:, None]
    energies = np.full((len(frames), n_steps + 1), np.nan)
    temperatures = np.full_like(energies, np.nan)
    breaks: list[Break | None] = [None] * len(frames)
    running = np.arange(len(frames), dtype=np.int64)
    forces = np.zeros_like(positions)
    frame_of_atom = frames.frame_of_atom
    random_forces = None if bath is None else RandomForces(bath, frames, timestep_fs)
    for step in steps(range(n_steps + 1), "molecular dynamics"):
        mine = np.isin(frame_of_atom, running)
        if step:
            # B, A, O, A; the second B follows when the forces at the new positions are known.
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
            positions[mine] += 0.5 * step_time * velocities[mine]
            if random_forces is not None:
                velocities = random_forces.applied(velocities)
            positions[mine] += 0.5 * step_time * velocities[mine]
        # One prediction for all frames that still run: a batch is much faster than single frames.
        batch = _at(frames, positions).select(running)
        found, _ = predict_finite(predict, batch)
        forces[mine] = found.forces
        if step:
            velocities[mine] += 0.5 * step_time * forces[mine] / masses[mine]
        for place, index in enumerate(running):
            breaks[index] = find_break(batch, place, found, step, limits)
        # Masses in u and velocities in Å per sqrt(u Å^2 / eV) give eV without a factor.
        kinetic = 0.5 * (masses * velocities**2).sum(axis=1)
        kinetic = np.bincount(frame_of_atom, weights=kinetic, minlength=len(frames))
        going = np.array([breaks[index] is None for index in running])
        alive = running[going]
        # Positions and velocities are of the same time here, so their energies may be added.
        potential = np.asarray(found.energy)[going]
        energies[alive, step] = (potential + kinetic[alive]) / frames.n_atoms[alive]
        # E_kin = 3/2 N k T; with the centre of mass at rest it is 3/2 (N - 1) k T of the bath.
        temperatures[alive, step] = kinetic[alive] / (1.5 * kB * frames.n_atoms[alive])
        running = alive
        if len(running) == 0:
            break
    times = np.asarray(np.arange(n_steps + 1) * (timestep_fs / FS_PER_PS), dtype=np.float64)
    last = _at(frames, positions)
    return Trajectories(times, energies, temperatures, tuple(breaks), last)


def energy_drifts(trajectories: Trajectories) -> FloatArray:
    """Slopes of least-squares lines through the total energy over time.

    A slope, unlike the difference of last and first energy, averages over the oscillation that the
    integrator causes within a vibration period.

    Parameters
    ----------
    trajectories
        From `integrate`.

    Returns
    -------
    :
        Slopes in meV/atom/ps, shape ``(n_frames,)``; NaN for a trajectory that ended early.
    """
    drifts = np.full(len(trajectories.breaks), np.nan)
    for index, ended in enumerate(trajectories.breaks):
        if ended is None:
            # eV/atom per ps.
            slope = np.polyfit(trajectories.times, trajectories.energies[index], 1)[0]
            drifts[index] = MEV_PER_EV * slope
    return drifts


def _at(frames: Frames, positions: FloatArray) -> Frames:
    return replace(frames, positions=positions)
