"""Neighbours of the atoms of one frame.

vesin sorts atoms into boxes as large as the cutoff. If a cell has room for only one box, it tries
every atom with every image of all others. With a hundred atoms or more, a k-d tree of SciPy over
the images near the cell is faster.
"""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray
from ms25_suite.core.geometry.neighbours import Neighbours, neighbours_by_tree

__all__ = ["complete_cells", "neighbours", "neighbours_by_tree", "neighbours_by_vesin"]

MOST_CANDIDATES: Final = 1100
"""Number of candidates per atom above which the tree is faster (measured with the mini tier)."""

_FLAT: Final = 1e-3
"""Volume of a cell over the product of its lengths, below which its vectors count as dependent."""


def neighbours(
    positions: FloatArray,
    cell: FloatArray,
    pbc: BoolArray,
    cutoff: float,
    *,
    threads: int | None = None,
) -> Neighbours:
    """All pairs of atoms and images within the cutoff, in both directions.

    Parameters
    ----------
    positions
        Positions in Å, shape ``(n_atoms, 3)``.
    cell
        Cell vectors in Å as rows, shape ``(3, 3)``; zero is allowed along non-periodic directions.
    pbc
        Periodicity along each cell vector, shape ``(3,)``.
    cutoff
        Longest distance in Å.
    threads
        Threads of vesin; None: as many as ``OMP_NUM_THREADS`` states.

    Returns
    -------
    :
        Atoms i and j of each pair, shape ``(n_pairs,)``, and ``r_j - r_i`` in Å with the periodic
        shift included, shape ``(n_pairs, 3)``. An atom and its own periodic image are a pair too.
    """
    pbc = np.array(pbc)
    cell = _invertible(np.array(cell), pbc)
    inverse = np.linalg.inv(cell)
    # The cutoff in units of the distance between opposite faces, along each cell vector.
    reach = cutoff * np.linalg.norm(inverse, axis=0)
    # Images that vesin tries per atom: boxes within reach, over the number of boxes in the cell.
    boxes = np.maximum(np.floor(1.0 / reach), 1.0)
    tried = np.where(pbc, (2.0 * np.ceil(reach * boxes) + 1.0) / boxes, 1.0)
    if len(positions) * tried.prod() > MOST_CANDIDATES:
        return neighbours_by_tree(np.asarray(positions), cell, pbc, cutoff)
    return neighbours_by_vesin(positions, cell, pbc, cutoff, threads=threads)


def _invertible(cell: FloatArray, pbc: BoolArray) -> FloatArray:
    """The cell with missing vectors of non-periodic directions filled in."""
    from ase.geometry import complete_cell

    full = np.asarray(complete_cell(cell), dtype=np.float64)
    lengths = np.linalg.norm(full, axis=1)
    if pbc.all() or abs(np.linalg.det(full)) > _FLAT * lengths.prod():
        return full
    # A vector along which nothing repeats has no meaning, so it may lie in the plane of others.
    lean = complete_cell(np.where(pbc[:, None], cell, 0.0))
    return np.asarray(lean, dtype=np.float64)


def complete_cells(cells: FloatArray, pbc: BoolArray) -> FloatArray:
    """Cells with missing vectors of non-periodic directions filled in.

    Parameters
    ----------
    cells
        Cell vectors in Å as rows, shape ``(n_frames, 3, 3)``.
    pbc
        Periodicity along each cell vector, shape ``(n_frames, 3)``.
    """
    found = np.array(cells, dtype=np.float64)
    for index in np.flatnonzero(~pbc.all(axis=1)).tolist():
        found[index] = _invertible(found[index], np.array(pbc[index]))
    return found


def neighbours_by_vesin(
    positions: FloatArray,
    cell: FloatArray,
    pbc: BoolArray,
    cutoff: float,
    *,
    threads: int | None = None,
) -> Neighbours:
    """Same as `neighbours` for a complete cell, by the cell lists of vesin."""
    from vesin import NeighborList

    stated = {"n_threads": threads} if threads is not None and _takes_threads() else {}
    search = NeighborList(cutoff=cutoff, full_list=True, **stated)
    i, j, vectors = search.compute(
        points=np.ascontiguousarray(positions), box=cell, periodic=pbc, quantities="ijD"
    )
    return i.astype(np.int64), j.astype(np.int64), vectors


@cache
def _takes_threads() -> bool:
    """Whether this vesin uses several threads, and takes their number."""
    from vesin import NeighborList

    return "n_threads" in signature(NeighborList.__init__).parameters
