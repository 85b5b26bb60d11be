"""Two atoms in vacuum, at many distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames

__all__ = ["Pair", "dimer_frames", "pair_name", "pull", "richest_frame"]

Pair = tuple[int, int]
"""Two atomic numbers, the smaller first."""

_VACUUM_A: Final = 12.0
"""Least distance in Å from a dimer to its periodic images: more than any cutoff of the paper, and
two layers of most."""

_DIRECTION: Final = np.array([0.83, 0.48, 0.28]) / np.linalg.norm([0.83, 0.48, 0.28])
"""Of the dimer: no axis of the cell, so that no force component vanishes by symmetry."""


def dimer_frames(pairs: Sequence[Pair], distances: Sequence[FloatArray], like: Frames) -> Frames:
    """A dimer for each pair and distance.

    Parameters
    ----------
    pairs
        Pairs of elements, each of which `like` holds.
    distances
        Distances in Å of each pair, one array each.
    like
        One frame that the dimers resemble: periodic in the same directions, in a cell so large that
        the images are far, and with its charge, spin, head and so on.
    """
    lengths = [len(rows) for rows in distances]
    count = sum(lengths)
    radii = np.concatenate([np.asarray(rows, dtype=np.float64) for rows in distances])
    elements = np.repeat(np.array(pairs, dtype=np.int64).reshape(-1, 2), lengths, axis=0)
    edge = float(radii.max()) + _VACUUM_A
    arms = 0.5 * radii[:, None] * _DIRECTION
    positions = np.stack([0.5 * edge - arms, 0.5 * edge + arms], axis=1).reshape(-1, 3)
    pbc = np.asarray(like.pbc[0])
    cell = edge * np.eye(3) if pbc.any() else np.zeros((3, 3))
    # An atom of each element lends its charge, magnetic moment and so on.
    lender = {int(z): int(np.flatnonzero(like.numbers == z)[0]) for z in np.unique(elements)}
    atoms = np.array([lender[int(z)] for z in elements.ravel()], dtype=np.int64)
    return Frames(
        numbers=elements.ravel(),
        positions=positions,
        cells=np.tile(cell, (count, 1, 1)),
        pbc=np.tile(pbc, (count, 1)),
        offsets=np.arange(0, 2 * count + 1, 2, dtype=np.int64),
        inputs=like.inputs.select(np.zeros(count, dtype=np.int64), atoms),
    )


def pull(forces: FloatArray) -> FloatArray:
    """Force between the atoms of dimers in eV/Å, positive where they repel, ``(n_dimers,)``.

    Parameters
    ----------
    forces
        Of all atoms of frames by `dimer_frames`, in eV/Å, shape ``(2 * n_dimers, 3)``.
    """
    pairs = np.asarray(forces).reshape(-1, 2, 3)
    return np.asarray(0.5 * (pairs[:, 1] - pairs[:, 0]) @ _DIRECTION)


def pair_name(pair: Pair) -> str:
    """Chemical symbols of a pair.

    Examples
    --------
    >>> pair_name((8, 14))
    'O-Si'
    """
    from ase.data import chemical_symbols

    return "-".join(chemical_symbols[z] for z in pair)


def richest_frame(frames: Frames) -> int:
    """Index of the frame with most elements, which dimers may resemble."""
    counts = [len(np.unique(frames.numbers[frames.atoms_of(i)])) for i in range(len(frames))]
    return int(np.argmax(counts))
