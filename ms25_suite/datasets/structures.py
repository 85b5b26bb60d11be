"""Structures that no potential can be asked about."""

from __future__ import annotations

import numpy as np

from ms25_suite.datasets.finding import frame_list
from ms25_suite.errors import DatasetError
from ms25_suite.frames import Frames

__all__ = ["refuse_broken"]


def refuse_broken(frames: Frames, where: str) -> None:
    """Refuse frames whose positions or cells are not finite, or whose cells span no space.

    Raises
    ------
    DatasetError
        There are such frames.
    """
    bad = ~np.isfinite(frames.positions).all(axis=1)
    indices = set(frames.frame_of_atom[bad].tolist())
    indices |= set(np.flatnonzero(~np.isfinite(frames.cells).all(axis=(1, 2))).tolist())
    if indices:
        msg = f"{where}: positions or cells of {frame_list(sorted(indices))} are not finite"
        raise DatasetError(msg)
    lengths = np.linalg.norm(frames.cells, axis=2)
    flat = np.flatnonzero((frames.pbc & (lengths == 0.0)).any(axis=1))
    periodic = np.flatnonzero(frames.pbc.all(axis=1) & (frames.volumes == 0.0))
    indices = set(flat.tolist()) | set(periodic.tolist())
    if indices:
        msg = (
            f"{where}: {frame_list(sorted(indices))} should be periodic, but their cells have no "
            f"vector in that direction, or no volume"
        )
        raise DatasetError(msg)
