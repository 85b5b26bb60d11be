"""Supercells of a frame with a given number of atoms."""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.metrics.extensivity import periodic_heights

__all__ = ["Repeats", "find_repeats", "repeated"]

Repeats = tuple[int, int, int]
"""Number of repeats along each cell vector."""

_TOLERANCE: Final = 0.15
"""Relative deviation from the wanted number of atoms that is accepted for a more cubic cell."""

_FEW: Final = 24
"""Number of copies up to which all supercells are tried."""

_NEAR: Final = 3
"""For more copies, largest difference of the repeats from those of a cube."""


def find_repeats(frames: Frames, wanted: int) -> Repeats:
    """Find the supercell with about the wanted number of atoms that is closest to a cube.

    Among all supercells within 15 % of the wanted number of atoms, the one with the smallest ratio
    of longest to shortest height is chosen, and among equal ones the one nearest to the number. If
    none is within 15 %, the one nearest to the number is chosen. Directions that are not periodic
    are not repeated.

    Parameters
    ----------
    frames
        One frame with a cell.
    wanted
        Number of atoms.

    Returns
    -------
    :
        Number of repeats along each cell vector.

    Examples
    --------
    >>> cell = np.diag([4.0, 4.0, 8.0])[None]
    >>> numbers, positions = np.array([29]), np.zeros((1, 3))
    >>> frame = Frames(numbers, positions, cell, np.array([[True] * 3]), np.array([0, 1]))
    >>> find_repeats(frame, 32)
    (4, 4, 2)
    """
    n_atoms, pbc = len(frames.numbers), frames.pbc[0]
    if wanted <= n_atoms or not pbc.any():
        return (1, 1, 1)
    heights = np.ones(3)
    # Heights and not lengths: they are the distances between periodic images in a skewed cell.
    heights[pbc] = periodic_heights(frames.cells[0], pbc)

    def rank(repeats: Repeats) -> tuple[float, float, Repeats]:
        # Relative deviation from the wanted number of atoms.
        off = abs(math.prod(repeats) * n_atoms / wanted - 1)
        long = (heights * repeats)[pbc]
        # Outside the 15 %, only the number of atoms counts.
        shape = round(float(long.max() / long.min()), 6) if off <= _TOLERANCE else math.inf
        return shape, off, repeats

    return min(itertools.product(*_ranges(heights, pbc, wanted / n_atoms)), key=rank)


def _ranges(heights: FloatArray, pbc: BoolArray, copies: float) -> tuple[range, range, range]:
    """Repeats to try along each vector: all for few copies, those near a cube for many."""
    most = math.ceil((1 + _TOLERANCE) * copies)
    ideal, free = np.ones(3), pbc.copy()
    while free.any():
        # A cube of n copies of a cell with heights h: each side is (n h1 h2 h3)^(1/3).
        volume = copies / ideal[~free].prod() * heights[free].prod()
        ideal[free] = volume ** (1 / free.sum()) / heights[free]
        long = free & (ideal < 1)
        if not long.any():
            break
        # A vector longer than the side of the cube is not repeated; the others share the rest.
        ideal[long] = 1.0
        free &= ~long
    a, b, c = (
        range(1, (most if periodic else 1) + 1)
        if most <= _FEW
        else range(max(1, math.floor(k) - _NEAR), (math.ceil(k) + _NEAR if periodic else 1) + 1)
        for k, periodic in zip(ideal, pbc, strict=True)
    )
    return a, b, c


def repeated(frames: Frames, repeats: Repeats) -> Frames:
    """Repeat one frame along its cell vectors.

    Parameters
    ----------
    frames
        One frame with a cell.
    repeats
        Number of repeats along each cell vector.

    Returns
    -------
    :
        One frame; the atoms of each copy are consecutive, in the order of the original frame.
    """
    shifts = np.array(list(itertools.product(*map(range, repeats)))) @ frames.cells[0]
    n = len(shifts)
    return Frames(
        numbers=np.tile(frames.numbers, n),
        positions=np.concatenate([frames.positions + shift for shift in shifts]),
        cells=frames.cells * np.array(repeats)[None, :, None],
        pbc=frames.pbc,
        offsets=frames.offsets * n,
        inputs=frames.inputs.repeated(n, frames.offsets),
    )
