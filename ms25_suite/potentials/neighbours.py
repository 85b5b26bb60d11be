"""Neighbours of the atoms of one frame.

vesin sorts atoms into boxes as large as the cutoff. Where a cell has room for one box only, it
tries every atom with every image of all others; with a hundred atoms a k-d tree of SciPy over the
images near the cell is quicker.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, IntArray

__all__ = ["neighbours"]

MOST_CANDIDATES: Final = 1100
"""Above so many candidates for each atom, the tree is quicker (measured with the mini tier)."""

Neighbours = tuple[IntArray, IntArray, FloatArray]


def neighbours(
    positions: FloatArray, cell: FloatArray, pbc: BoolArray, cutoff: float
) -> Neighbours:
    """All pairs of atoms and images that are no farther apart than the cutoff, both ways.

    Parameters
    ----------
    positions
        In Å, shape ``(n_atoms, 3)``.
    cell
        Cell vectors in Å as rows, shape ``(3, 3)``; those without periodicity may be zero.
    pbc
        Periodic directions, shape ``(3,)``.
    cutoff
        In Å.

    Returns
    -------
    :
        Atoms i and j of each pair, shape ``(n_pairs,)``, and ``r_j - r_i`` in Å with the periodic
        shift included, shape ``(n_pairs, 3)``. An atom and its own image are a pair too.
    """
    from ase.geometry import complete_cell

    # A missing cell vector belongs to a direction without periodicity.
    cell, pbc = complete_cell(np.array(cell)), np.array(pbc)
    inverse = np.linalg.inv(cell)
    # Cutoffs in a distance between opposite faces of the cell.
    reach = cutoff * np.linalg.norm(inverse, axis=0)
    boxes = np.maximum(np.floor(1.0 / reach), 1.0)
    tried = np.where(pbc, (2.0 * np.ceil(reach * boxes) + 1.0) / boxes, 1.0)
    if len(positions) * tried.prod() > MOST_CANDIDATES:
        return _by_tree(np.asarray(positions), cell, pbc, cutoff)
    return _by_vesin(positions, cell, pbc, cutoff)


def _by_vesin(positions: FloatArray, cell: FloatArray, pbc: BoolArray, cutoff: float) -> Neighbours:
    from vesin import NeighborList

    search = NeighborList(cutoff=cutoff, full_list=True)
    i, j, vectors = search.compute(
        points=np.ascontiguousarray(positions), box=cell, periodic=pbc, quantities="ijD"
    )
    return i.astype(np.int64), j.astype(np.int64), vectors


def _by_tree(positions: FloatArray, cell: FloatArray, pbc: BoolArray, cutoff: float) -> Neighbours:
    from scipy.spatial import cKDTree

    inverse = np.linalg.inv(cell)
    reach = cutoff * np.linalg.norm(inverse, axis=0)
    scaled = positions @ inverse
    scaled -= np.where(pbc, np.floor(scaled), 0.0)
    steps = [np.arange(-n, n + 1) for n in np.where(pbc, np.ceil(reach), 0).astype(int)]
    shifts = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    images = scaled + shifts[:, None, :]
    # A little more than the cutoff: rounding must not lose a pair.
    margin = reach + 1e-9
    near = ((images >= -margin) & (images <= 1.0 + margin)) | ~pbc
    shift, atom = np.nonzero(near.all(axis=2))
    inside = scaled @ cell
    outside = images[shift, atom] @ cell
    # Used once: quick to build counts more than quick to search.
    here, there = (
        cKDTree(points, balanced_tree=False, compact_nodes=False) for points in (inside, outside)
    )
    found = here.sparse_distance_matrix(there, cutoff, output_type="ndarray")
    i, image = found["i"], found["j"]
    itself = (i == atom[image]) & (shifts == 0).all(axis=1)[shift[image]]
    i, image = i[~itself], image[~itself]
    return i.astype(np.int64), atom[image], outside[image] - inside[i]
