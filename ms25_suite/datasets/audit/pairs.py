"""Pairs of atoms of a frame within a distance."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.geometry.neighbours import neighbours_by_tree

__all__ = ["neighbours", "pairs"]

_MOST_BOXES: Final = 1_000_000
"""Boxes of the size of the cutoff in a cell, all of which matscipy allocates (8 MB)."""


def neighbours(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of different atoms; for a frame of a single atom, pairs with its own images."""
    first, second, distances, _ = pairs(frames, index, cutoff)
    other = (first != second) | (frames.n_atoms[index] == 1)
    return first[other], second[other], distances[other]


def pairs(
    frames: Frames, index: int, cutoff: float
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Atoms, distance and vector of each pair of a frame within a cutoff, in both directions."""
    # Not vesin: it imports torch where it can, which nothing in the process of pytest may do.
    from matscipy.neighbours import neighbour_list

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    positions = np.array(frames.positions[part])
    cell = _full_cell(np.array(frames.cells[index]), positions)
    pbc = np.array(frames.pbc[index])
    if not pbc.any():
        # Atoms of a molecule may lie outside of the cell in the file.
        positions = positions - positions.min(axis=0) + 1.0
        cell = np.diag(positions.max(axis=0) + 1.0)
    if abs(np.linalg.det(cell)) > _MOST_BOXES * cutoff**3:
        # A few atoms in a large box.
        first, second, vectors = neighbours_by_tree(positions, cell, pbc, cutoff)
        return first, second, np.asarray(np.linalg.norm(vectors, axis=1)), vectors
    first, second, distances, vectors = neighbour_list(
        "ijdD", positions=positions, cell=cell, pbc=pbc, cutoff=cutoff
    )
    return first, second, distances, vectors


def _full_cell(cell: FloatArray, positions: FloatArray) -> FloatArray:
    """The cell with missing vectors of non-periodic directions completed."""
    from ase.geometry import complete_cell

    missing = np.linalg.norm(cell, axis=1) == 0.0
    if not missing.any():
        return cell
    # ASE completes a cell by unit vectors (1 Å); they are stretched beyond the extent of the
    # atoms.
    span = float(np.ptp(positions, axis=0).max()) + 2.0
    completed = np.array(complete_cell(cell), dtype=np.float64)
    completed[missing] *= span
    return completed
