"""Heat bath of Langevin's equation: friction and random forces.

The equation is ``m dv = F dt - g m v dt + sqrt(2 g k T m) dW`` with friction ``g``. Friction and
random force together are an Ornstein-Uhlenbeck process, which is solved exactly over a time step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.units import FS_PER_PS

__all__ = ["Bath", "RandomForces", "atom_masses", "canonical_error"]

_STREAM: Final = 1
"""Distinguishes the random numbers of a bath from those of the initial velocities."""


@dataclass(frozen=True, slots=True, eq=False)
class Bath:
    """Temperature and friction of each frame.

    Parameters
    ----------
    temperatures
        Temperature of each frame in K, shape ``(n_frames,)``.
    frictions
        Friction of each frame in 1/ps, shape ``(n_frames,)``; 0 for constant energy.
    seed
        Seed of the random forces.
    """

    temperatures: FloatArray
    frictions: FloatArray
    seed: int


class RandomForces:
    """Exact solution for friction and random force over one time step.

    ``v -> c v + sqrt((1 - c^2) k T / m) R`` with ``c = exp(-g dt)`` and ``R`` a standard normal
    variable: the O step of Leimkuhler and Matthews.

    Parameters
    ----------
    bath
        Temperatures and frictions.
    frames
        Frames that move.
    timestep_fs
        Time step in fs.

    References
    ----------
    B. Leimkuhler and C. Matthews, J. Chem. Phys. 138, 174102 (2013), doi:10.1063/1.4802990.
    """

    def __init__(self, bath: Bath, frames: Frames, timestep_fs: float) -> None:
        from ase.units import kB

        frame = frames.frame_of_atom
        # c = exp(-g dt); c = 1 and no noise for frames without friction.
        kept = np.exp(-np.asarray(bath.frictions) * timestep_fs / FS_PER_PS)[frame]
        thermal = kB * np.asarray(bath.temperatures)[frame] / atom_masses(frames)
        self._kept = kept[:, None]
        # 1 - c^2 is what friction takes from the variance k T / m, and the noise gives back.
        self._width = np.sqrt((1.0 - kept**2) * thermal)[:, None]
        # A stream of its own: random forces correlated with the initial velocities would heat.
        self._random = np.random.default_rng([bath.seed, _STREAM])

    def applied(self, velocities: FloatArray) -> FloatArray:
        """Velocities after one time step of friction and random forces.

        Parameters
        ----------
        velocities
            In Å per ASE's unit of time, shape ``(n_atoms_total, 3)``.

        Returns
        -------
        :
            New velocities of the same unit and shape.
        """
        # Drawn for all atoms of the batch, also those of frames that have ended, so that the
        # trajectories of the others do not depend on when a frame ends.
        noise = self._random.normal(size=velocities.shape)
        return np.asarray(self._kept * velocities + self._width * noise, dtype=np.float64)


def atom_masses(frames: Frames) -> FloatArray:
    """Standard atomic masses in u, shape ``(n_atoms_total,)`` (``ase.data``, IUPAC 2016)."""
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[np.asarray(frames.numbers)], dtype=np.float64)


def canonical_error(temperature: float, n_atoms: int, friction: float, duration: float) -> float:
    """Standard error of the mean kinetic temperature of a canonical trajectory.

    The variance of the kinetic temperature is ``2 T^2 / (3 N)``. Its autocorrelation decays as
    ``exp(-2 g t)`` for free particles in a bath of friction ``g``; for weakly damped oscillators
    the correlation has the same integral, ``1 / (2 g)``. Averaging over a time ``t`` multiplies the
    variance by ``2 / x [1 - (1 - exp(-x)) / x]`` with ``x = 2 g t``.

    Parameters
    ----------
    temperature
        Temperature of the bath in K.
    n_atoms
        Number of atoms that are free to move.
    friction
        Friction in 1/ps, greater than 0.
    duration
        Length of the trajectory in ps, greater than 0.

    Returns
    -------
    :
        Standard error in K.

    References
    ----------
    D. Frenkel and B. Smit, Understanding Molecular Simulation, 2nd ed. (2002), section 6.1.1
    (variance); H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91, 461 (1989),
    doi:10.1063/1.457480 (mean of correlated data).

    Examples
    --------
    A trajectory much shorter than the correlation time is one sample; a long one is many.

    >>> round(canonical_error(300.0, 100, friction=10.0, duration=1e-6), 1)
    24.5
    >>> round(canonical_error(300.0, 100, friction=10.0, duration=10.0), 1)
    2.4
    """
    # x is the length of the trajectory in correlation times.
    x = 2.0 * friction * duration
    # Tends to 1 for x -> 0 (one sample) and to 2 / x for long trajectories; expm1 keeps the
    # digits at small x.
    averaged = 2.0 / x * (1.0 + np.expm1(-x) / x)
    return float(temperature * np.sqrt(2.0 / (3.0 * n_atoms) * averaged))
