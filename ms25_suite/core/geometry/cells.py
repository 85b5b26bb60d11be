"""Distances between the opposite faces of periodic cells."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray

__all__ = ["periodic_heights", "periodic_volumes"]


def periodic_volumes(cells: FloatArray, pbc: BoolArray) -> FloatArray:
    """Volume, area or length that the periodic vectors of cells span, shape ``(n_frames,)``.

    1 where no direction is periodic.

    Parameters
    ----------
    cells
        Cell vectors as rows, shape ``(n_frames, 3, 3)``.
    pbc
        Periodicity along each of them, shape ``(n_frames, 3)``.
    """
    return _spanned(np.asarray(cells), np.asarray(pbc))


def periodic_heights(cells: FloatArray, pbc: BoolArray) -> FloatArray:
    """Distance between the opposite faces of cells, shape ``(n_frames, 3)``.

    Along a periodic vector it is measured within what the periodic vectors span; along other
    directions it is infinite. Zero where the periodic vectors are linearly dependent.

    Parameters
    ----------
    cells, pbc
        As for `periodic_volumes`.
    """
    cells, pbc = np.asarray(cells), np.asarray(pbc)
    whole = _spanned(cells, pbc)
    heights = np.full(pbc.shape, np.inf)
    for axis in range(3):
        others = pbc.copy()
        others[:, axis] = False
        base = _spanned(cells, others)
        height = np.divide(whole, base, out=np.zeros(len(cells)), where=base > 0.0)
        heights[:, axis] = np.where(pbc[:, axis], height, np.inf)
    return heights


def _spanned(cells: FloatArray, chosen: BoolArray) -> FloatArray:
    """Volume spanned by the chosen rows of each cell; vectors that are not chosen count as 1."""
    n_chosen = chosen.sum(axis=1)
    volumes = np.ones(len(cells))
    lengths = np.linalg.norm(cells, axis=2)
    one = n_chosen == 1
    volumes[one] = np.where(chosen[one], lengths[one], 1.0).prod(axis=1)
    two = np.flatnonzero(n_chosen == 2)
    if len(two):
        # The cross product of the two vectors, which keep their order.
        rows = np.argsort(~chosen[two], axis=1, kind="stable")[:, :2]
        pairs = np.take_along_axis(cells[two], rows[:, :, None], axis=1)
        volumes[two] = np.linalg.norm(np.cross(pairs[:, 0], pairs[:, 1]), axis=1)
    three = n_chosen == 3
    volumes[three] = np.abs(np.linalg.det(cells[three]))
    return volumes
