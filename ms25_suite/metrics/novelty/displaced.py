"""How far the atoms of frames have moved from known frames of the same atoms in the same order.

This is how frames of one trajectory differ, and rattled copies. In crystals, where all environments
are similar, it tells such pairs from others when environments cannot: the displacements of many
atoms together are never those of another frame by chance.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames

__all__ = ["displacements"]

_STRAINED: Final = 3.0
"""Å: a strain counts as what it moves a neighbour at this distance."""


def displacements(frames: Frames, known: Frames) -> FloatArray:
    """Root mean square displacement of the atoms from the nearest known frame.

    Frames are compared in their cells: a translation of all atoms, atoms that were wrapped into the
    cell, and turned cells do not count; a strain does.

    Parameters
    ----------
    frames, known
        The structures.

    Returns
    -------
    :
        In Å, length of the displacement of an atom, shape ``(n_frames,)``. Infinite without a known
        frame of the same atoms in the same order and with the same periodic directions.
    """
    found = np.full(len(frames), np.inf)
    by_kind = {key: np.array(own) for key, own in _kinds(known).items()}
    for key, own in _kinds(frames).items():
        if key in by_kind:
            found[own] = _of_one_kind(frames.select(own), known.select(by_kind[key]))
    return found


def _kinds(frames: Frames) -> dict[tuple[bytes, bytes], list[int]]:
    """Frames of the same elements in the same order and the same periodic directions."""
    kinds: dict[tuple[bytes, bytes], list[int]] = {}
    numbers, pbc = np.asarray(frames.numbers), np.asarray(frames.pbc)
    for index in range(len(frames)):
        key = numbers[frames.atoms_of(index)].tobytes(), pbc[index].tobytes()
        kinds.setdefault(key, []).append(index)
    return kinds


def _of_one_kind(frames: Frames, known: Frames) -> FloatArray:
    pbc = np.asarray(frames.pbc[0])
    scaled, cells = _in_cells(frames)
    others, other_cells = _in_cells(known)
    # Metric tensors: lengths and angles of the cells, however they are turned.
    inverse = np.linalg.inv(other_cells)
    found = np.empty(len(frames))
    for index in range(len(frames)):
        moved = scaled[index] - others
        # The translation first, by any atom: it is no displacement of an atom, however large.
        moved -= moved[:, :1]
        moved -= np.where(pbc, np.rint(moved), np.float32(0.0))
        moved -= moved.mean(axis=1, keepdims=True)
        lengths = np.square(moved @ cells[index].astype(np.float32)).sum(axis=2).mean(axis=1)
        metric = cells[index] @ cells[index].T
        strain = 0.5 * (inverse @ metric @ inverse.transpose(0, 2, 1) - np.eye(3))
        strained = _STRAINED**2 * np.square(strain).sum(axis=(1, 2))
        found[index] = np.sqrt(np.min(lengths + strained))
    return found


def _in_cells(frames: Frames) -> tuple[FloatArray, FloatArray]:
    """Positions in units of the cell vectors, ``(n_frames, n_atoms, 3)``, and the cells used.

    Directions in which nothing repeats have unit vectors, whatever the file says.
    """
    from ase.geometry import complete_cell

    pbc = np.asarray(frames.pbc)
    cells = np.array(
        [
            complete_cell(np.where(own[:, None], cell, 0.0))
            for own, cell in zip(pbc, np.asarray(frames.cells), strict=True)
        ]
    )
    positions = np.asarray(frames.positions).reshape(len(frames), -1, 3)
    return (positions @ np.linalg.inv(cells)).astype(np.float32), cells
