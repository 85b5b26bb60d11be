"""Which periodic images of a frame lie within a cutoff."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.potentials.neighbours import complete_cells

__all__ = ["images_in_reach"]


_ROUNDING = 1e-9
"""Part of a cell by which an image may be further away than it is computed to be."""


def images_in_reach(frames: Frames, cutoff: float) -> tuple[FloatArray, IntArray]:
    """Cells that can be inverted, and how many images of an atom may be within the cutoff.

    Parameters
    ----------
    frames
        Frames.
    cutoff
        Longest edge in Å.

    Returns
    -------
    :
        Cell vectors in Å as rows, with missing vectors of non-periodic directions filled in, shape
        ``(n_frames, 3, 3)``; and the number of images along each vector, from the nearest one on,
        that may be within the cutoff, shape ``(n_frames, 3)``; 1 where nothing repeats.
    """
    cells = complete_cells(frames.cells, frames.pbc)
    # The cutoff in units of the distance between opposite faces, along each cell vector.
    reach = cutoff * np.linalg.norm(np.linalg.inv(cells), axis=1)
    # By distance along a vector, the images are at least 0, 1/2, 1, 3/2, ... cells away.
    images = np.floor(2.0 * (reach + _ROUNDING)).astype(np.int64) + 1
    return cells, np.where(frames.pbc, images, 1)
