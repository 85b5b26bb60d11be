"""Predictions that arrive in parts, in any order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.batching.messages import Span

__all__ = ["Gathered"]


class Gathered:
    """Predictions for frames, which arrive in parts.

    Parameters
    ----------
    frames
        The frames.
    cuts
        Where the blocks begin in which predictions are wanted, and the number of frames.

    Attributes
    ----------
    lacks
        Whether a part had no energies or no forces.
    """

    def __init__(self, frames: Frames, cuts: Sequence[int]) -> None:
        self._offsets = frames.offsets
        self._blocks = list(itertools.pairwise(cuts))
        self._energy = np.empty(len(frames))
        self._forces = np.empty((len(frames.numbers), 3))
        self._stress = np.empty((len(frames), 6))
        self._arrived = np.zeros(len(frames), dtype=bool)
        self._has_stress = np.zeros(len(frames), dtype=bool)
        self.lacks = False

    def add(self, span: Span, part: Predictions) -> list[int]:
        """Take a part; returns the blocks that it completes.

        Parameters
        ----------
        span
            Which frames they are.
        part
            Predictions for them.
        """
        start, stop = span
        if part.energy is None or part.forces is None:
            self.lacks = True
            return []
        self._energy[start:stop] = part.energy
        self._forces[self._offsets[start] : self._offsets[stop]] = part.forces
        if part.stress is not None:
            self._stress[start:stop] = part.stress
            self._has_stress[start:stop] = True
        self._arrived[start:stop] = True
        return [
            index
            for index, (first, last) in enumerate(self._blocks)
            if first < stop and last > start and self._arrived[first:last].all()
        ]

    def is_mixed(self, span: Span) -> bool:
        """Whether some of these frames have a stress, and others have none."""
        found = self._has_stress[span[0] : span[1]]
        return bool(found.any() and not found.all())

    def span(self, block: int) -> Span:
        """Frames of a block."""
        return self._blocks[block]

    def take(self, span: Span) -> Predictions:
        """Predictions of consecutive frames that have arrived."""
        start, stop = span
        return Predictions(
            energy=self._energy[start:stop],
            forces=self._forces[self._offsets[start] : self._offsets[stop]],
            stress=self._stress[start:stop] if self._has_stress[start:stop].all() else None,
        )
