"""Walls that hold atoms apart, and holes behind them, along a curve of energies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ms25_suite.core.frames import FloatArray

__all__ = ["Wall", "drop_of", "find_wall"]


@dataclass(frozen=True, slots=True)
class Wall:
    """What an energy does while two atoms approach each other.

    Parameters
    ----------
    height
        Rise of the energy in eV before it falls again; to the end of the curve if it does not.
    distance
        Where that is, in Å.
    open
        Whether the energy falls behind it.
    depth
        How far the energy behind the wall falls below the start, in eV; 0 if it does not.
    depth_distance
        Where that is, in Å; NaN if it does not.
    """

    height: float
    distance: float
    open: bool
    depth: float = 0.0
    depth_distance: float = float("nan")


def find_wall(distances: FloatArray, energies: FloatArray, *, drop: float) -> Wall:
    """Find the first wall along a curve from the outside to the inside.

    Parameters
    ----------
    distances
        Descending, in Å, shape ``(n_points,)``, at least one.
    energies
        In eV, finite, same shape; the zero is the first.
    drop
        Fall in eV that is none: waves of that size on the way up are allowed.

    Examples
    --------
    >>> r = np.array([2.0, 1.5, 1.0, 0.5])
    >>> find_wall(r, np.array([0.0, 3.0, 9.0, 40.0]), drop=0.5)
    Wall(height=40.0, distance=0.5, open=False, depth=0.0, depth_distance=nan)
    >>> find_wall(r, np.array([0.0, 3.0, 1.0, -7.0]), drop=0.5)
    Wall(height=3.0, distance=1.5, open=True, depth=7.0, depth_distance=0.5)
    """
    rise = np.asarray(energies) - energies[0]
    highest = np.maximum.accumulate(rise)
    fallen = np.flatnonzero(rise < highest - drop)
    if len(fallen) == 0:
        top = int(np.argmax(rise))
        return Wall(float(rise[top]), float(distances[top]), False)
    top = int(np.argmax(rise[: fallen[0] + 1]))
    bottom = int(fallen[0] + np.argmin(rise[fallen[0] :]))
    depth = float(-rise[bottom])
    if depth <= 0.0:
        return Wall(float(rise[top]), float(distances[top]), True)
    return Wall(float(rise[top]), float(distances[top]), True, depth, float(distances[bottom]))


def drop_of(energies: FloatArray) -> tuple[float, int]:
    """Largest fall of an energy that should only rise, and the index of its end.

    Parameters
    ----------
    energies
        Shape ``(n_points,)``, at least one.

    Examples
    --------
    >>> drop_of(np.array([0.0, 2.0, 1.5, 3.0]))
    (0.5, 2)
    """
    falls = np.maximum.accumulate(energies) - energies
    worst = int(np.argmax(falls))
    return float(falls[worst]), worst
