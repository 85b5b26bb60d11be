"""Which frames are near to known ones, and which are known ones in another guise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray
from ms25_suite.metrics.novelty.displaced import displacements
from ms25_suite.metrics.novelty.environments import ATOMS_PER_FRAME, MOST_NEIGHBOURS, Search
from ms25_suite.metrics.novelty.nearest import KnownEnvironments

__all__ = ["COPY", "NEAR", "FrameDistances", "KnownFrames"]

NEAR: Final = 0.05
"""Å: displacement from a known frame up to which a frame is near (root mean square length). Two
frames of a solid at room temperature that have nothing to do with each other differ by 0.1 Å or
more: B-factors of 0.3 to 0.8 Å^2 are 0.06 to 0.1 Å for each coordinate of each frame."""

COPY: Final = 0.002
"""Å: distance up to which a frame is a known one: the rounding of files, also of those with three
decimals."""

SHARE_OF_TYPICAL: Final = 0.4
"""A frame is near by its environments if it is nearer than known frames are to each other. Of
independent frames of the built-in data, none is at less than 0.53 of their typical distance."""

MOST_ATOMS: Final = 200_000
"""Atoms of known frames that are looked at; fewer with more than four elements."""

_MOST_NUMBERS: Final = 40_000_000
"""Numbers of all environments together: 160 MB."""

MOST_FRAMES: Final = 1000
"""Frames whose distances are measured."""

_FEWEST_FRAMES: Final = 100

_COMPARISONS: Final = 5e8
"""Environments times known environments of the same element: some ten seconds on one core."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameDistances:
    """Distances of frames from known ones.

    Parameters
    ----------
    values
        By the environments of the atoms, in Å of a random displacement, shape ``(n_frames,)``;
        infinite with an element that no known frame has, NaN for frames that were not looked at.
    near
        Which frames are near to a known one, same shape; `copies` too.
    copies
        Which frames are known ones but for rotation, translation, order of atoms, or choice of the
        cell, same shape.
    typical
        Median distance in Å of known frames from other known ones; NaN of one frame.
    n_known, n_all_known
        Known frames that were looked at, and all of them.
    """

    values: FloatArray
    near: BoolArray
    copies: BoolArray
    typical: float
    n_known: int
    n_all_known: int

    @property
    def measured(self) -> BoolArray:
        """Which frames were looked at, shape ``(n_frames,)``."""
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class KnownFrames:
    """Frames that a potential was trained on, or chosen by.

    Parameters
    ----------
    frames
        The frames; evenly chosen ones where they have more than `MOST_ATOMS` atoms.
    environments
        The environments of their atoms.
    n_all
        Number of all of them.
    """

    frames: Frames
    environments: KnownEnvironments
    n_all: int

    @classmethod
    def of(cls, frames: Frames, search: Search, n_all: int | None = None) -> Self | None:
        """Known frames; None if no atom has a neighbour.

        Parameters
        ----------
        frames
            The frames, at least one.
        search
            Finds neighbours.
        n_all
            Number of all of them, if these are not all.
        """
        n = len(frames)
        atoms = min(MOST_ATOMS, _MOST_NUMBERS // (len(frames.elements) * MOST_NEIGHBOURS))
        most = max(int(atoms * n / max(len(frames.numbers), 1)), 1)
        if n > most:
            frames = frames.select(_evenly(n, most))
        found = KnownEnvironments.of(frames, search)
        return None if found is None else cls(frames, found, n if n_all is None else n_all)

    def distances(self, frames: Frames, search: Search) -> FrameDistances:
        """Distances of frames, of at most `MOST_FRAMES` evenly chosen ones.

        Parameters
        ----------
        frames
            The frames.
        search
            Finds neighbours.
        """
        n_elements = len(self.environments.elements)
        each = ATOMS_PER_FRAME * len(self.frames.numbers) / n_elements
        numbers = ATOMS_PER_FRAME * n_elements * MOST_NEIGHBOURS
        affordable = max(int(min(_COMPARISONS / each, _MOST_NUMBERS / numbers)), _FEWEST_FRAMES)
        most = min(affordable, MOST_FRAMES)
        chosen = _evenly(len(frames), most)
        some = frames.select(chosen)
        values = self.environments.distances(some, search)
        moved = displacements(some, self.frames)
        typical = self.environments.typical
        limit = 0.0 if math.isnan(typical) else min(NEAR / math.sqrt(3), SHARE_OF_TYPICAL * typical)
        copies = (moved <= COPY) | (values <= min(COPY, limit))
        near = copies | (moved <= NEAR) | (values <= limit)
        all_values = np.full(len(frames), np.nan)
        all_values[chosen] = values
        return FrameDistances(
            all_values,
            _placed(near, chosen, len(frames)),
            _placed(copies, chosen, len(frames)),
            typical,
            len(self.frames),
            self.n_all,
        )


def _evenly(n: int, most: int) -> IntArray:
    """At most so many of n numbers, evenly spread."""
    if n <= most:
        return np.arange(n)
    return np.linspace(0, n - 1, most).round().astype(np.int64)


def _placed(values: BoolArray, where: IntArray, n: int) -> BoolArray:
    found = np.zeros(n, dtype=bool)
    found[where] = values
    return found
