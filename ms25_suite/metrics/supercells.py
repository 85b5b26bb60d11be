"""A frame repeated along its cell vectors, to a wanted number of atoms."""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.metrics.extensivity import periodic_heights

__all__ = ["Repeats", "find_repeats", "repeated"]

Repeats = tuple[int, int, int]
"""How often a frame is repeated along each cell vector."""

_TOLERANCE: Final = 0.15
"""Deviation from the wanted number of atoms that is given away for a cell closer to a cube."""

_FEW: Final = 24
"""Copies up to which all supercells are looked at."""

_NEAR: Final = 3
"""How far from those of a cube the repeats of more copies may be."""


def find_repeats(frames: Frames, wanted: int) -> Repeats:
    """Repeats that come close to a number of atoms in a cell that is as cubic as possible.

    Of all supercells within 15 % of the wanted number the one whose heights differ least is taken,
    and of equal ones that nearest to the number; if there is none so near, that nearest to the
    number. Directions that are not periodic are not repeated.

    Parameters
    ----------
    frames
        One frame with a cell.
    wanted
        Number of atoms.
    """
    n_atoms, pbc = len(frames.numbers), frames.pbc[0]
    if wanted <= n_atoms or not pbc.any():
        return (1, 1, 1)
    heights = np.ones(3)
    heights[pbc] = periodic_heights(frames.cells[0], pbc)

    def rank(repeats: Repeats) -> tuple[float, float, Repeats]:
        off = abs(math.prod(repeats) * n_atoms / wanted - 1)
        long = (heights * repeats)[pbc]
        # Beyond the tolerance nothing but the number counts.
        shape = round(float(long.max() / long.min()), 6) if off <= _TOLERANCE else math.inf
        return shape, off, repeats

    return min(itertools.product(*_ranges(heights, pbc, wanted / n_atoms)), key=rank)


def _ranges(heights: FloatArray, pbc: BoolArray, copies: float) -> tuple[range, range, range]:
    """Repeats to look at along each vector: all of few copies, those around a cube of many."""
    most = math.ceil((1 + _TOLERANCE) * copies)
    ideal, free = np.ones(3), pbc.copy()
    while free.any():
        volume = copies / ideal[~free].prod() * heights[free].prod()
        ideal[free] = volume ** (1 / free.sum()) / heights[free]
        long = free & (ideal < 1)
        if not long.any():
            break
        # A vector that is too long for the cube is left as it is, and the others share the rest.
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
    """One frame repeated along its cell vectors; all atoms of a copy are together."""
    shifts = np.array(list(itertools.product(*map(range, repeats)))) @ frames.cells[0]
    n = len(shifts)
    return Frames(
        numbers=np.tile(frames.numbers, n),
        positions=np.concatenate([frames.positions + shift for shift in shifts]),
        cells=frames.cells * np.array(repeats)[None, :, None],
        pbc=frames.pbc,
        offsets=frames.offsets * n,
    )
