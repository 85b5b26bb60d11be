"""Structures that no potential can be asked about: no elements, no sound cell, not finite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import frame_list
from ms25_suite.core.frames import Frames
from ms25_suite.core.geometry.cells import periodic_heights, periodic_volumes

__all__ = ["refuse_broken"]

_LAST_ELEMENT: Final = 118
"""Atomic number of oganesson."""

_FARTHEST: Final = 1e6
"""Å; a coordinate or a cell vector beyond it (0.1 mm) is in another unit, or damaged."""

_LOWEST: Final = 0.1
"""Å; opposite faces of a cell that are closer than this put an atom upon its own image."""

_DENSEST: Final = 0.05
"""Å^3 for each atom; hydrogen has 0.6 where it is compressed to a distance of one bohr."""


def refuse_broken(frames: Frames, where: str) -> None:
    """Refuse frames that hold no elements, or whose positions or cells make no sense.

    Parameters
    ----------
    frames
        The structures.
    where
        Name of the source, for messages.

    Raises
    ------
    DatasetError
        There are such frames.
    """
    _refuse_other_than_elements(frames, where)
    _refuse_extreme(frames, where)
    _refuse_cells(frames, where)


def _refuse_other_than_elements(frames: Frames, where: str) -> None:
    numbers = np.asarray(frames.numbers)
    wrong = np.flatnonzero((numbers < 1) | (numbers > _LAST_ELEMENT))
    if not len(wrong):
        return
    first = int(wrong[0])
    frame = int(frames.frame_of_atom[first])
    found = sorted({int(z) for z in numbers[wrong]})
    hint = ""
    if found[0] == 0:
        hint = " (0 stands for X, also where a file has no column `species` or `Z`)"
    shown = ", ".join(map(str, found[:5])) + (", …" if len(found) > 5 else "")
    frames_found = np.unique(frames.frame_of_atom[wrong])
    msg = (
        f"{where}: expected elements, atomic numbers from 1 to {_LAST_ELEMENT}, found "
        f"{shown}{hint} in {_list(frames_found)}, first in frame {frame}, atom "
        f"{first - int(frames.offsets[frame])}. Correct or remove these frames"
    )
    raise DatasetError(msg)


def _refuse_extreme(frames: Frames, where: str) -> None:
    positions, cells = np.asarray(frames.positions), np.asarray(frames.cells)
    indices = _frames_of(frames, ~np.isfinite(positions).all(axis=1))
    indices |= set(np.flatnonzero(~np.isfinite(cells).all(axis=(1, 2))).tolist())
    if indices:
        msg = f"{where}: positions or cells of {_list(indices)} are not finite"
        raise DatasetError(msg)
    indices = _frames_of(frames, (np.abs(positions) > _FARTHEST).any(axis=1))
    indices |= set(np.flatnonzero((np.abs(cells) > _FARTHEST).any(axis=(1, 2))).tolist())
    if indices:
        largest = max(np.abs(positions).max(initial=0.0), np.abs(cells).max(initial=0.0))
        msg = (
            f"{where}: expected positions and cells of at most {_FARTHEST:g} Å (0.1 mm), found up "
            f"to {largest:.3g} Å in {_list(indices)}. Are they in Å?"
        )
        raise DatasetError(msg)


def _refuse_cells(frames: Frames, where: str) -> None:
    cells, pbc = np.asarray(frames.cells), np.asarray(frames.pbc)
    heights = periodic_heights(cells, pbc).min(axis=1)
    lengths = np.linalg.norm(cells, axis=2)
    # Rounding leaves some height of vectors that lie in one plane.
    flat = np.flatnonzero(pbc.any(axis=1) & (heights <= 1e-12 * lengths.max(axis=1)))
    if len(flat):
        msg = (
            f"{where}: {_list(flat)} should be periodic, but their cells have no vector in that "
            f"direction, or no volume"
        )
        raise DatasetError(msg)
    thin = np.flatnonzero(heights < _LOWEST)
    if len(thin):
        msg = (
            f"{where}: expected cells whose opposite faces are at least {_LOWEST} Å apart, found "
            f"{heights.min():.3g} Å in {_list(thin)}. Are the cells in Å? A very oblique cell can "
            f"be reduced first (ase.build.niggli_reduce)"
        )
        raise DatasetError(msg)
    volumes = np.where(pbc.all(axis=1), periodic_volumes(cells, pbc), np.inf) / np.maximum(
        frames.n_atoms, 1
    )
    dense = np.flatnonzero(volumes < _DENSEST)
    if len(dense):
        msg = (
            f"{where}: expected cells of at least {_DENSEST} Å^3 for each atom, found "
            f"{volumes.min():.3g} Å^3 in {_list(dense)}. Are the cells in Å?"
        )
        raise DatasetError(msg)


def _frames_of(frames: Frames, atoms: Any) -> set[int]:
    """Frames of the atoms for which a mask is true."""
    return set(frames.frame_of_atom[atoms].tolist())


def _list(indices: Iterable[int]) -> str:
    return frame_list(sorted(int(index) for index in indices))
