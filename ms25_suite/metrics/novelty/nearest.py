"""Distances of frames to known ones by the environments of their atoms.

They are in Å of a random displacement: a copy of a known frame with all coordinates displaced at
random, with a standard deviation of 0.02 Å, is as far as 0.02 Å, whatever the material.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.metrics.novelty.environments import Lists, Search, chosen_atoms, environments

__all__ = ["KnownEnvironments"]

_RATTLE: Final = 0.02
"""Standard deviation of the displacements in Å that give the scale: small, so that neighbours stay
in their order, and above the rounding of files."""

_SAMPLED: Final = 16
"""Known frames that give the scale, and the distance of known frames from each other."""

_SAME: Final = 1e-3
"""Å: known frames that are as near as this are copies of each other, as in augmented data."""

_BLOCK: Final = 4_000_000
"""Distances that are in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownEnvironments:
    """Environments of all atoms of known frames.

    Parameters
    ----------
    elements
        Atomic numbers of the known frames, ascending.
    numbers, frame
        Element and frame of each atom, shape ``(n_atoms,)``.
    lists
        Environment of each atom, shape ``(n_atoms, n_columns)``.
    scale
        Root mean square distance between the environments of an element in a frame and in its
        rattled copy, divided by the standard deviation of the displacements.
    typical
        Median distance in Å of known frames from the other known ones, without copies; NaN of a
        single frame.
    """

    elements: tuple[int, ...]
    numbers: IntArray
    frame: IntArray
    lists: Lists
    scale: dict[int, float]
    typical: float = math.nan

    @classmethod
    def of(cls, frames: Frames, search: Search) -> Self | None:
        """Environments of all atoms of some frames.

        Parameters
        ----------
        frames
            The frames, at least one.
        search
            Finds neighbours.

        Returns
        -------
        :
            None if no atom has a neighbour: such environments are all the same.
        """
        numbers, frame = np.asarray(frames.numbers), frames.frame_of_atom
        sample = np.linspace(0, len(frames) - 1, min(_SAMPLED, len(frames))).round()
        scale = _rattle_scale(frames, sample.astype(np.int64), search)
        if scale is None:
            return None
        lists = environments(frames, np.arange(len(numbers)), frames.elements, search)
        found = cls(frames.elements, numbers, frame, lists, scale)
        if len(frames) < 2:
            return found
        some = frames.select(sample.astype(np.int64))
        apart = found._distances(some, search, without=sample.astype(np.int64))
        apart = apart[np.isfinite(apart) & (apart > _SAME)]
        return replace(found, typical=float(np.median(apart)) if len(apart) else math.nan)

    def distances(self, frames: Frames, search: Search) -> FloatArray:
        """Distance of each frame from the known ones.

        That of an atom is the distance of its environment from the nearest known one of the same
        element. That of a frame is the root mean square over the atoms of an element, and the
        largest over the elements: a few molecules over a surface count as much as the surface. The
        root mean square does not grow with the number of atoms, as the largest distance would, and
        where half of the atoms are held fixed it is smaller by 30 %, where the mean is halved and
        the median is zero.

        Parameters
        ----------
        frames
            The frames.
        search
            Finds neighbours.

        Returns
        -------
        :
            In Å of a random displacement, shape ``(n_frames,)``. Infinite with elements that no
            known frame has.
        """
        return self._distances(frames, search)

    def _distances(
        self, frames: Frames, search: Search, without: IntArray | None = None
    ) -> FloatArray:
        """Distances; `without` names the known frame that does not count, for each frame."""
        atoms = chosen_atoms(frames)
        elements = tuple(sorted({*self.elements, *frames.elements}))
        numbers, frame = np.asarray(frames.numbers)[atoms], frames.frame_of_atom[atoms]
        lists = environments(frames, atoms, elements, search)
        largest = np.zeros(len(frames))
        for z in np.unique(numbers).tolist():
            own, known = numbers == z, self.numbers == z
            squares = np.full(int(own.sum()), np.inf)
            if known.any():
                columns = _with_elements(self.lists[known], self.elements, elements)
                left_out = None if without is None else (without[frame[own]], self.frame[known])
                squares = _nearest(lists[own], columns, left_out) / self.scale[z] ** 2
            counts = np.bincount(frame[own], minlength=len(frames))
            sums = np.bincount(frame[own], weights=squares, minlength=len(frames))
            largest = np.maximum(largest, sums / np.maximum(counts, 1))
        return np.asarray(np.sqrt(largest))


def _rattle_scale(frames: Frames, sample: IntArray, search: Search) -> dict[int, float] | None:
    numbers, frame = np.asarray(frames.numbers), frames.frame_of_atom
    # A frame with each element, however rare.
    rare = [int(frame[np.argmax(numbers == z)]) for z in frames.elements]
    some = frames.select(np.unique([*sample.tolist(), *rare]))
    moved = np.random.default_rng(0).normal(scale=_RATTLE, size=some.positions.shape)
    rattled = replace(some, positions=some.positions + moved)
    atoms, own = np.arange(len(some.numbers)), np.asarray(some.numbers)
    before, after = (environments(one, atoms, some.elements, search) for one in (some, rattled))
    squares = np.square(after - before).sum(axis=1) / _RATTLE**2
    if not squares.any():
        return None
    scale = {z: float(np.sqrt(squares[own == z].mean())) for z in frames.elements}
    # An element of isolated atoms only has no neighbours; the others say what is far.
    typical = float(np.sqrt(squares.mean()))
    return {z: value or typical for z, value in scale.items()}


def _with_elements(lists: Lists, old: Sequence[int], new: Sequence[int]) -> Lists:
    """Environments with columns for more elements, of which they have no neighbours."""
    if tuple(old) == tuple(new):
        return lists
    wide = np.zeros((len(lists), len(new), lists.shape[1] // len(old)), dtype=lists.dtype)
    wide[:, [list(new).index(z) for z in old]] = lists.reshape(len(lists), len(old), -1)
    return wide.reshape(len(lists), -1)


def _nearest(
    some: Lists, known: Lists, left_out: tuple[IntArray, IntArray] | None = None
) -> FloatArray:
    """Squared distance of each row to the nearest known one; infinite if all are left out.

    By products of matrices: with some fifty columns, a k-d tree looks at most of the rows too.
    Rows whose numbers in `left_out` are equal are not compared.
    """
    used = some.any(axis=0) | known.any(axis=0)
    some, known = some[:, used], known[:, used]
    # Around the mean, where single precision loses less.
    centre = known.mean(axis=0)
    shifted = known - centre
    lengths = np.square(shifted).sum(axis=1)
    found = np.empty(len(some))
    step = max(_BLOCK // len(known), 1)
    for start in range(0, len(some), step):
        rows = slice(start, start + step)
        # |a - b|^2 without |a|^2, which does not change which one is the nearest.
        products = (some[rows] - centre) @ shifted.T
        products *= -2.0
        products += lengths
        if left_out is not None:
            products[left_out[0][rows, None] == left_out[1]] = np.inf
        best = products.argmin(axis=1)
        apart = some[rows].astype(np.float64) - known[best]
        found[rows] = np.square(apart).sum(axis=1)
        found[rows][~np.isfinite(products[np.arange(len(best)), best])] = np.inf
    return found
