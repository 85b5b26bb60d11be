"""Environments of atoms as numbers that rotation, order of atoms and choice of cell leave alone.

The environment of an atom is the list of how far inside of a cutoff its neighbours are, ``c - r``,
sorted, one list for each element of the neighbours. Sorted distances to the neighbours of all atoms
tell apart all periodic structures but singular ones, and change continuously with the positions
(pointwise distance distributions: D. Widdowson and V. Kurlin, Adv. Neural Inf. Process. Syst. 35,
24625 (2022)). The cutoff in place of a number of neighbours keeps them continuous where elements
are told apart; its 5 Å are those of QUESTS (D. Schwalbe-Koda et al., Nat. Commun. 16, 4014 (2025),
doi:10.1038/s41467-025-59232-0), whose weights ``(1 - (r/c)^2)^2 / r`` follow the shortest bonds.

The Euclidean distance of two sorted lists is the smallest one over all assignments of the
neighbours of one element to each other (rearrangement inequality), so that no order is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, Frames, IntArray

__all__ = ["CUTOFF", "MOST_NEIGHBOURS", "Lists", "Search", "chosen_atoms", "environments"]

CUTOFF: Final = 5.0
"""Distance of the farthest neighbours in Å."""

MOST_NEIGHBOURS: Final = 48
"""Nearest neighbours of each element that count: those within 5 Å in all but the densest."""

ATOMS_PER_FRAME: Final = 24
"""Atoms of a frame that are looked at, shared by its elements."""

Lists: TypeAlias = npt.NDArray[np.float32]
"""Environments in Å, shape ``(n, n_elements * MOST_NEIGHBOURS)``."""

Search: TypeAlias = Callable[
    [Frames, int, float], tuple[IntArray, IntArray, FloatArray, FloatArray]
]
"""Finds the pairs of atoms of a frame within a cutoff, in both directions: both atoms, distance and
vector of each."""


def environments(frames: Frames, atoms: IntArray, elements: Sequence[int], search: Search) -> Lists:
    """Environments of some atoms.

    Parameters
    ----------
    frames
        The structures.
    atoms
        Indices of the atoms among those of all frames, ascending, shape ``(n,)``.
    elements
        Atomic numbers of all elements that neighbours may have, ascending.
    search
        Finds neighbours.

    Returns
    -------
    :
        In Å, shape ``(n, len(elements) * MOST_NEIGHBOURS)``; zeros where an atom
        has fewer neighbours.
    """
    found = np.zeros((len(atoms), len(elements), MOST_NEIGHBOURS), dtype=np.float32)
    # Row of each atom in what is returned; -1 for those that nobody asked for.
    rows = np.full(len(frames.numbers), -1, dtype=np.int64)
    rows[atoms] = np.arange(len(atoms))
    columns = np.zeros(max(elements) + 1, dtype=np.int64)
    columns[list(elements)] = np.arange(len(elements))
    places = np.searchsorted(np.asarray(frames.offsets), atoms, side="right") - 1
    for index in np.unique(places).tolist():
        part = frames.atoms_of(index)
        first, second, apart, _ = search(frames, index, CUTOFF)
        row = rows[part][first]
        asked = row >= 0
        column = columns[np.asarray(frames.numbers[part])[second[asked]]]
        distances = apart[asked]
        lists = row[asked] * len(elements) + column
        # The nearest neighbour of each list first.
        order = np.lexsort((distances, lists))
        lists, distances = lists[order], distances[order]
        place = _places(lists)
        kept = place < MOST_NEIGHBOURS
        found.reshape(-1, MOST_NEIGHBOURS)[lists[kept], place[kept]] = CUTOFF - distances[kept]
    return found.reshape(len(atoms), -1)


def chosen_atoms(frames: Frames, most: int = ATOMS_PER_FRAME) -> IntArray:
    """Atoms that are looked at: of each frame as many of each element, drawn at random.

    Parameters
    ----------
    frames
        The frames.
    most
        Number of atoms of a frame; at least one of each element.

    Returns
    -------
    :
        Indices among the atoms of all frames, ascending; the same in every run.

    Examples
    --------
    >>> from ase.build import molecule
    >>> chosen_atoms(Frames.from_atoms([molecule("CH4"), molecule("H2")]), 2).shape
    (4,)
    """
    numbers, frame = np.asarray(frames.numbers), frames.frame_of_atom
    draw = np.random.default_rng(0).random(len(numbers))
    # A number for each element of each frame.
    kinds = frame * (int(numbers.max(initial=0)) + 1) + numbers
    order = np.lexsort((draw, kinds))
    _, first = np.unique(kinds, return_index=True)
    n_elements = np.bincount(frame[first], minlength=len(frames))
    each = np.maximum(most // np.maximum(n_elements, 1), 1)
    return np.sort(order[_places(kinds[order]) < each[frame[order]]])


def _places(sorted_numbers: IntArray) -> IntArray:
    """Place of each number among those equal to it, counted from 0."""
    starts = np.flatnonzero(np.diff(sorted_numbers, prepend=-1))
    sizes = np.diff(starts, append=len(sorted_numbers))
    return np.asarray(np.arange(len(sorted_numbers)) - np.repeat(starts, sizes))
