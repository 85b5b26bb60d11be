"""Frames that are in an archive twice, in files of different formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["first_copies"]

_SAME_ENERGY: Final = 1e-5
"""eV. Formats print energies with six digits or more."""

_SAME_PLACE: Final = 1e-4
"""Å. An OUTCAR of VASP prints positions with five digits."""

_MOST_COPIES: Final = 20
"""Largest number of frames of equal energy that each frame is compared with. Without a limit it
would take hours where all frames of a file have the same energy."""


def first_copies(energies: Sequence[float], get: Callable[[int], Atoms]) -> list[int]:
    """For each frame, the first one that is equal except for rounding.

    Fingerprints of rounded coordinates find copies within a format. Between two formats, one of
    some hundred coordinates often falls on the other side of a rounding limit; so frames of equal
    energy are compared with each other.

    Parameters
    ----------
    energies
        Energy in eV of each frame.
    get
        Returns a frame.
    """
    parents = list(range(len(energies)))

    # Union-find with path compression: copies of copies have one common first frame.
    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    order = np.argsort(energies, kind="stable").tolist()
    for position, index in enumerate(order):
        for other in order[position + 1 : position + 1 + _MOST_COPIES]:
            # Sorted by energy, so nothing further on can be equal either.
            if energies[other] - energies[index] > _SAME_ENERGY:
                break
            # The frame that comes first in the archive represents its copies.
            one, two = sorted((root(index), root(other)))
            if one != two and _same(get(index), get(other)):
                parents[two] = one
    return [root(index) for index in range(len(energies))]


def _same(one: Atoms, two: Atoms) -> bool:
    if len(one) != len(two) or not np.array_equal(one.numbers, two.numbers):
        return False
    if not np.allclose(one.cell.array, two.cell.array, rtol=0.0, atol=_SAME_PLACE):
        return False
    distance = one.positions - two.positions
    cell = one.cell.array
    if one.pbc.all() and abs(np.linalg.det(cell)) > 0.0:
        # One of the formats may put atoms back into the cell.
        scaled = np.linalg.solve(cell.T, distance.T).T
        distance = (scaled - np.rint(scaled)) @ cell
    # Each of the two files contributes one rounding error.
    return bool(np.abs(distance).max() < 2 * _SAME_PLACE)
