"""Which periodic images of a frame lie within a cutoff."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.potentials.neighbours import complete_cells

__all__ = ["image_reach"]


def image_reach(frames: Frames, cutoff: float) -> tuple[FloatArray, IntArray]:
    """Cells that can be inverted, and how far images reach beyond the nearest one.

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
        ``(n_frames, 3, 3)``; and the number of images on either side of the nearest one along each
        vector that may be within the cutoff, shape ``(n_frames, 3)``; 0 where nothing repeats.
    """
    cells = complete_cells(frames.cells, frames.pbc)
    # The cutoff in units of the distance between opposite faces, along each cell vector.
    reach = cutoff * np.linalg.norm(np.linalg.inv(cells), axis=1)
    # The nearest image is at most half a cell away along each vector.
    images = np.floor(reach + 0.5).astype(np.int64)
    return cells, np.where(frames.pbc, images, 0)
