"""Neighbours of atoms by a k-d tree: for any cell, however small or large."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, IntArray

__all__ = ["Neighbours", "neighbours_by_tree"]

Neighbours = tuple[IntArray, IntArray, FloatArray]
"""Atoms i and j of each pair, shape ``(n_pairs,)``, and ``r_j - r_i`` in Å with the periodic shift
included, shape ``(n_pairs, 3)``."""


def neighbours_by_tree(
    positions: FloatArray, cell: FloatArray, pbc: BoolArray, cutoff: float
) -> Neighbours:
    """All pairs of atoms and images within the cutoff, in both directions.

    Parameters
    ----------
    positions
        Positions in Å, shape ``(n_atoms, 3)``.
    cell
        Cell vectors in Å as rows, shape ``(3, 3)``, linearly independent.
    pbc
        Periodicity along each cell vector, shape ``(3,)``.
    cutoff
        Longest distance in Å.
    """
    from scipy.spatial import cKDTree

    inverse = np.linalg.inv(cell)
    reach = cutoff * np.linalg.norm(inverse, axis=0)
    # Wrap the atoms into the cell, and take all images that are within the cutoff of its faces.
    scaled = positions @ inverse
    scaled -= np.where(pbc, np.floor(scaled), 0.0)
    # Cells within reach on either side: several, if the cutoff is longer than the cell is wide.
    steps = [np.arange(-n, n + 1) for n in np.where(pbc, np.ceil(reach), 0).astype(int)]
    shifts = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    images = scaled + shifts[:, None, :]
    # Slightly more than the cutoff, so that no pair is lost to rounding.
    margin = reach + 1e-9
    # Along directions without periodicity atoms may be anywhere, and all are kept.
    near = ((images >= -margin) & (images <= 1.0 + margin)) | ~pbc
    shift, atom = np.nonzero(near.all(axis=2))
    inside = scaled @ cell
    outside = images[shift, atom] @ cell
    # Each tree is used once, so building it must be fast: not balanced.
    here, there = (
        cKDTree(points, balanced_tree=False, compact_nodes=False) for points in (inside, outside)
    )
    # Each atom of the cell with all images: a pair is found from both of its ends, so the list is
    # a full one.
    found = here.sparse_distance_matrix(there, cutoff, output_type="ndarray")
    i, image = found["i"], found["j"]
    # Remove each atom paired with itself in the central cell.
    itself = (i == atom[image]) & (shifts == 0).all(axis=1)[shift[image]]
    i, image = i[~itself], image[~itself]
    # Wrapping moves atoms by lattice vectors, which only renames the images.
    return i.astype(np.int64), atom[image], outside[image] - inside[i]
