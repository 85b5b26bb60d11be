"""Concatenated arrays: their types, and the rows of the atoms of a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BoolArray", "FloatArray", "IntArray", "atom_indices", "rows_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def atom_indices(offsets: IntArray, frames: IntArray) -> IntArray:
    """Indices into per-atom arrays of the atoms of some frames.

    Parameters
    ----------
    offsets
        Index of the first atom of each frame, followed by the total number of atoms, shape
        ``(n_frames + 1,)``.
    frames
        Indices of the frames; their atoms come in this order.

    Examples
    --------
    >>> atom_indices(np.array([0, 2, 3, 6]), np.array([2, 0])).tolist()
    [3, 4, 5, 0, 1]
    """
    # A range from each frame's first atom, for all frames at once.
    counts = offsets[frames + 1] - offsets[frames]
    starts = np.repeat(offsets[frames] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return np.asarray(np.arange(counts.sum()) + starts, dtype=np.int64)


def rows_of(indices: IntArray) -> IntArray | slice:
    """The same rows, as a slice where they follow one another: NumPy copies them five times faster.

    Parameters
    ----------
    indices
        Rows, none of them negative, shape ``(n,)``.

    Examples
    --------
    >>> rows_of(np.array([2, 3, 4]))
    slice(2, 5, None)
    >>> rows_of(np.array([2, 4])).tolist()
    [2, 4]
    """
    if len(indices) == 0 or indices[0] < 0 or (np.diff(indices) != 1).any():
        return indices
    return slice(int(indices[0]), int(indices[-1]) + 1)
