"""Frames to predict: many of about a hundred atoms, and single large ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import Frames
from ms25_suite.datasets import open_dataset

__all__ = ["ATOMS", "CELLS", "large", "many"]

ATOMS: Final = 108
"""Atoms in a frame of the many: the conventional cell of CHA."""

CELLS: Final = {500: (1, 1, 5), 4000: (3, 3, 4), 32000: (7, 7, 6), 108: (1, 1, 1)}
"""How often the cell is repeated for a frame of about so many atoms."""

_SEED: Final = 7
_RATTLE: Final = 0.02
"""Displacements in Å by which repeated frames differ from one another."""


def many(n_frames: int) -> Frames:
    """Frames of `ATOMS` atoms from dynamics at 300 K: those of the built-in data, then again.

    Repeated frames are displaced, so that no two are equal.
    """
    frames = open_dataset("cha").frames
    chosen = frames.select(np.arange(n_frames) % len(frames))
    return _rattled(chosen, first=int(chosen.offsets[min(len(frames), n_frames)]))


def large(n_atoms: int) -> Frames:
    """One frame of about ``n_atoms`` atoms, a multiple of the cell of CHA.

    Raises
    ------
    KeyError
        ``n_atoms`` is none of `CELLS`.
    """
    atoms = open_dataset("cha").frames.atoms(0).repeat(CELLS[n_atoms])
    return _rattled(Frames.from_atoms([atoms]))


def _rattled(frames: Frames, first: int = 0) -> Frames:
    """Frames with displaced atoms, from the atom ``first`` on."""
    positions = np.array(frames.positions)
    noise = np.random.default_rng(_SEED).normal(scale=_RATTLE, size=positions[first:].shape)
    positions[first:] += noise
    return replace(frames, positions=positions)
