"""Walls that hold atoms apart, and holes behind them, along a curve of energies or forces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray

__all__ = ["WAVE_EV", "Wall", "distance_at", "drop_of", "find_wall", "softening"]

WAVE_EV: Final = 0.5
"""Fall of the energy in eV on the way in that is no hole. The first step of a push may go downhill,
since an atom in a frame is not at rest: 0.1 eV for hydrogen on platinum with the reference."""


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


def distance_at(
    distances: FloatArray, energies: FloatArray, energy: float, *, drop: float
) -> float:
    """Distance in Å at which the first wall reaches an energy; NaN if it ends below.

    Between two points the energy is a power of the distance.

    Parameters
    ----------
    distances, energies, drop
        See `find_wall`.
    energy
        In eV above the first, positive.

    Examples
    --------
    >>> r = np.array([2.0, 1.0, 0.5, 0.4])
    >>> round(distance_at(r, np.array([0.0, 1.0, 4.0, 4.2]), 2.0, drop=0.5), 3)
    0.707
    >>> distance_at(r, np.array([0.0, 1.0, -4.0, 9.0]), 2.0, drop=0.5)
    nan
    """
    rise = np.asarray(energies) - energies[0]
    reached = np.flatnonzero(rise >= energy)
    if len(reached) == 0 or find_wall(distances, energies, drop=drop).height < energy:
        return float("nan")
    inner = int(reached[0])
    outer = inner - 1
    if rise[outer] > 0.0:
        part = np.log(energy / rise[outer]) / np.log(rise[inner] / rise[outer])
    else:
        part = (energy - rise[outer]) / (rise[inner] - rise[outer])
    return float(distances[outer] * (distances[inner] / distances[outer]) ** part)


def softening(pulls: FloatArray, energies: FloatArray, *, energy: float) -> tuple[float, int]:
    """Largest fall of a repulsion on the way in, as a part of the largest repulsion.

    The way is from where the pair begins to repel to where an energy is reached; to the end of the
    curve if it is not reached.

    Parameters
    ----------
    pulls
        Force between the pair in eV/Å, positive where it repels, shape ``(n_points,)``.
    energies
        In eV, same shape; the zero is the first.
    energy
        End of the way in eV above the first, positive.

    Returns
    -------
    :
        From 0 (the force rises all the way) to 1 (there is a point without a repulsion), and the
        index of the point where the fall ends.

    Examples
    --------
    >>> softening(np.array([1.0, 4.0, 3.0, 9.0]), np.array([0.0, 0.5, 0.9, 3.0]), energy=1.0)
    (0.25, 2)
    >>> softening(np.array([1.0, 4.0, 3.0, 9.0]), np.array([0.0, 0.5, 2.9, 5.0]), energy=0.5)
    (0.0, 0)
    """
    force = np.asarray(pulls, dtype=np.float64)
    repels = np.flatnonzero(force > 0.0)
    if len(repels) == 0:
        return 1.0, 0
    start = int(repels[0])
    rise = np.asarray(energies) - energies[0]
    reached = np.flatnonzero(rise[start:] >= energy)
    way = force[start:].copy()
    if len(reached) and (end := int(reached[0])):
        inner = start + end
        part = (energy - rise[inner - 1]) / (rise[inner] - rise[inner - 1])
        way = way[: end + 1]
        way[end] = force[inner - 1] + part * (force[inner] - force[inner - 1])
    fall, where = drop_of(way)
    return min(1.0, fall / float(way.max())), start + where
