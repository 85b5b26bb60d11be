"""Is an energy, and is a force, continuous along a line? Both from values at even steps.

Each test compares what happens in one step with what the values beside it foretell, so that a
smooth curve leaves almost nothing, however steep it is, and a jump is left as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames

__all__ = ["MARGIN", "energy_steps", "force_jumps", "line_frames", "random_directions"]

MARGIN: Final = 2
"""Steps at both ends of a line that have no value, since they have too few neighbours."""


def random_directions(n_atoms: int, seed: int) -> FloatArray:
    """A unit vector for each atom, even over the sphere, shape ``(n_atoms, 3)``."""
    vectors = np.random.default_rng(seed).normal(size=(n_atoms, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def line_frames(frame: Frames, directions: FloatArray, places: FloatArray) -> Frames:
    """Copies of a frame with all atoms moved along their directions.

    Parameters
    ----------
    frame
        One frame.
    directions
        Direction of each atom, shape ``(n_atoms, 3)``.
    places
        How far it is moved along it in Å, shape ``(n_places,)``.
    """
    copies = frame.select(np.zeros(len(places), dtype=np.int64))
    moved = frame.positions + np.asarray(places)[:, None, None] * directions
    return replace(copies, positions=moved.reshape(-1, 3))


def energy_steps(energies: FloatArray, pulls: FloatArray, step: float) -> FloatArray:
    """Change of the energy in each step that the force does not account for.

    The work is the integral of the cubic through the forces at four points, h/24 (-1, 13, 13, -1);
    for a smooth force its error is of the order of h^5 (11/720 h^5 times the fourth derivative).

    Parameters
    ----------
    energies
        In eV, shape ``(n_points,)``, at least six.
    pulls
        Force along the line in eV/Å, minus the derivative of the energy, same shape.
    step
        Distance between points in Å.

    Returns
    -------
    :
        In eV, shape ``(n_points - 1 - 2 * MARGIN,)``.

    Examples
    --------
    >>> s = 0.1 * np.arange(8)
    >>> abs(energy_steps(s**2 + 0.5 * (s > 0.35), -2 * s, 0.1)).round(9).tolist()
    [0.0, 0.5, 0.0]
    """
    g = np.asarray(pulls)
    work = step / 24 * (13 * (g[1:-2] + g[2:-1]) - g[:-3] - g[3:])
    rises = np.diff(energies)
    # The work is known one step further out than the jumps of the force, which share the margin.
    return np.asarray(rises[MARGIN:-MARGIN] + work[1:-1])


def force_jumps(forces: FloatArray) -> FloatArray:
    """Change of a force in each step that the changes beside it do not foretell.

    The four changes beside a step foretell it by (4 (d[-1] + d[1]) - d[-2] - d[2]) / 6, exact for a
    force that is a polynomial of fourth degree. A jump is left as it is.

    Parameters
    ----------
    forces
        Of each atom at each point of a line in eV/Å, shape ``(n_points, n_atoms, 3)``, at least six
        points.

    Returns
    -------
    :
        Of the atom with the largest one, in eV/Å, shape ``(n_points - 1 - 2 * MARGIN,)``.

    Examples
    --------
    >>> s = 0.1 * np.arange(8)
    >>> along = s**4 + 0.5 * (s > 0.35)
    >>> force_jumps(np.stack([along, 0 * s, 0 * s], axis=1)[:, None]).round(9)[1].item()
    0.5
    """
    d = np.diff(forces, axis=0)
    foretold = (4 * (d[1:-3] + d[3:-1]) - d[:-4] - d[4:]) / 6
    return np.asarray(np.linalg.norm(d[2:-2] - foretold, axis=2).max(axis=1))
