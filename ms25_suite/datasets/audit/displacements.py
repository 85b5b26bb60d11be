"""Displacements of the atoms from one frame to another."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray

__all__ = ["RIGID", "displacement", "neighbouring_frames"]

_MOST_PAIRS: Final = 1000

RIGID: Final = 1e-5
"""Strain below which a cell has not changed: the rounding of files."""


def neighbouring_frames(frames: Frames) -> IntArray:
    """Neighbours among the frames of the same atoms in the same order, ``(n_pairs, 2)``."""
    # Only frames with the same atoms in the same order can be compared atom by atom.
    numbers = np.asarray(frames.numbers)
    offsets = np.asarray(frames.offsets)
    # A hash of the elements in their order: random weights by place, sums modulo 2^64.
    weights = np.random.PCG64(0).random_raw(int(frames.n_atoms.max())).astype(np.int64)
    places = np.arange(len(numbers)) - np.repeat(offsets[:-1], frames.n_atoms)
    keys = np.add.reduceat(numbers * weights[places], offsets[:-1])
    # The original order breaks ties, so that neighbours in a trajectory, which are close in
    # configuration space, become pairs.
    order = np.lexsort((np.arange(len(frames)), keys, frames.n_atoms))
    same = np.diff(keys[order]) == 0
    same &= np.diff(frames.n_atoms[order]) == 0
    same &= (np.asarray(frames.pbc)[order[1:]] == np.asarray(frames.pbc)[order[:-1]]).all(axis=1)
    starts = np.flatnonzero(same)
    if len(starts) > _MOST_PAIRS:
        # Evenly spread over the file, and the same in every run.
        chosen = np.linspace(0, len(starts) - 1, _MOST_PAIRS).round().astype(np.int64)
        starts = starts[chosen]
    return np.stack([order[starts], order[starts + 1]], axis=1)


def displacement(frames: Frames, first: int, second: int) -> tuple[FloatArray, FloatArray] | None:
    """Displacements of the atoms (Å), relative to the cell, and the strain of the cell.

    Parameters
    ----------
    frames
        The structures.
    first, second
        Frames of the same atoms in the same order.

    Returns
    -------
    :
        Shapes ``(n_atoms, 3)`` and ``(3, 3)``; None if a partly periodic cell has changed.
    """
    ends = (first, second)
    atoms = [slice(int(frames.offsets[i]), int(frames.offsets[i + 1])) for i in ends]
    cells = [np.asarray(frames.cells[i]) for i in ends]
    start, stop = (np.asarray(frames.positions[part]) for part in atoms)
    strain: FloatArray = np.zeros((3, 3))
    if np.asarray(frames.pbc[first]).all():
        # Deformation gradient F of row vectors, cell_1 = cell_0 F; its symmetric part is the
        # strain. The antisymmetric part is, to first order, a rotation, which costs no energy.
        gradient = np.linalg.solve(cells[0], cells[1]) - np.eye(3)
        strain = 0.5 * (gradient + gradient.T)
        # Motion relative to the cell, in the mean cell of both frames: the part that is done by
        # the strain is work against the stress.
        moved = np.linalg.solve(cells[1].T, stop.T).T - np.linalg.solve(cells[0].T, start.T).T
        # Fractional displacements jump by whole numbers where an atom was wrapped into the cell.
        moved -= np.rint(moved)
        moved = moved @ (0.5 * (cells[0] + cells[1]))
    else:
        moved = stop - start
        if np.asarray(frames.pbc[first]).any():
            cell = np.where(np.asarray(frames.pbc[first])[:, None], cells[0], 0.0)
            # A partly periodic cell has no volume, hence no stress that could account for its
            # strain.
            if np.abs(cells[1] - cells[0]).max() > RIGID:
                return None
            moved = moved - np.rint(moved @ np.linalg.pinv(cell)) @ cell
    # A translation of all atoms does no work.
    return moved - moved.mean(axis=0), strain
