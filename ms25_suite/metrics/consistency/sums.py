"""Sums over all forces that are zero without an outer force."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import FloatArray

__all__ = ["net_force", "net_torque"]


def net_force(forces: FloatArray) -> float:
    """Largest component of the net force over the square root of the number of atoms, in eV/Å.

    Independent rounding errors of N forces add up to √N times one of them; with this norm, the sum
    is as large as one error, whatever the number of atoms.

    Parameters
    ----------
    forces
        In eV/Å, shape ``(n_atoms, 3)``.

    Examples
    --------
    >>> net_force(np.full((4, 3), 0.1))
    0.2
    """
    return float(np.abs(forces.sum(axis=0)).max() / np.sqrt(len(forces)))


def net_torque(positions: FloatArray, forces: FloatArray) -> float:
    """Largest component of the net torque as a force, in eV/Å.

    It is divided by the square root of the number of atoms and by their root mean square distance
    from the centre, for the reason given in `net_force`; 0 for a single atom.

    Parameters
    ----------
    positions
        Of a molecule in Å, shape ``(n_atoms, 3)``.
    forces
        In eV/Å, same shape.
    """
    arms = positions - positions.mean(axis=0)
    radius = float(np.sqrt((arms**2).sum(axis=1).mean()))
    if radius == 0.0:
        return 0.0
    torque = np.cross(arms, forces).sum(axis=0)
    return float(np.abs(torque).max() / (radius * np.sqrt(len(forces))))
