"""Pairs of atoms pushed together inside a structure, several at once, and the work that it takes.

The work on one pair is the integral of its own force, so that pairs that are pushed at the same
time, far from each other, need one set of structures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.geometry.neighbours import neighbours_by_tree
from ms25_suite.metrics.scans.dimers import Pair

__all__ = [
    "INNER_A",
    "REACH_A",
    "Approach",
    "approach_frames",
    "choose_approaches",
    "push_pull",
    "push_work",
]

REACH_A: Final = 5.0
"""Pairs of elements are neighbours up to here, in Å: the first and second neighbours of solids."""

INNER_A: Final = 0.5
"""Shortest distance of scans in Å: inside the core of all atoms but hydrogen."""

_OUTER: Final = 0.8
"""Part of its first distance to which a pair is pushed in small steps: 1 eV of work is reached
between 0.73 and 0.93 of it with the references of all built-in data."""

_APART_A: Final = 3.5
"""Least distance in Å between the centres of pairs that are pushed at once: beyond the bonds of
their atoms, so that they do not push each other."""

_LONGER: Final = 1.15
"""Pairs that are longer than the closest of their elements in a frame by this factor are not
pushed: the first neighbours of a solid at high temperature differ by less."""


@dataclass(frozen=True, slots=True, eq=False)
class Approach:
    """A pair of atoms of a frame that is pushed together along its own line.

    Parameters
    ----------
    pair
        Their atomic numbers, the smaller first.
    frame
        Position of the frame among those that were looked at.
    atoms
        Indices of both atoms in their frame.
    direction
        Unit vector from the first to the second.
    distances
        Distances in Å, descending from the one that they have in the frame.
    """

    pair: Pair
    frame: int
    atoms: tuple[int, int]
    direction: FloatArray
    distances: FloatArray


def choose_approaches(frames: Frames, n_points: int) -> tuple[list[list[Approach]], list[Pair]]:
    """Choose the closest pair of atoms of each pair of elements, in as few frames as possible.

    Parameters
    ----------
    frames
        Frames in which pairs are looked for, in this order.
    n_points
        Number of distances of each pair, at least 2.

    Returns
    -------
    groups, absent
        Approaches in one frame that are made at the same time, and pairs of elements of the frames
        that are nowhere within `REACH_A`.
    """
    wanted = {(int(a), int(b)) for a in frames.elements for b in frames.elements if a <= b}
    groups = []
    # A frame takes part again as long as it holds a pair of elements that is still missing.
    for index in range(len(frames)):
        while wanted and (group := _group(frames, index, wanted, n_points)):
            groups.append(group)
            wanted -= {one.pair for one in group}
        if not wanted:
            break
    return groups, sorted(wanted)


def _group(frames: Frames, index: int, wanted: set[Pair], n_points: int) -> list[Approach]:
    from ase.geometry import complete_cell, find_mic

    part = frames.atoms_of(index)
    numbers, positions = np.asarray(frames.numbers[part]), np.asarray(frames.positions[part])
    cell, pbc = complete_cell(np.array(frames.cells[index])), np.asarray(frames.pbc[index])
    i, j, vectors = neighbours_by_tree(positions, cell, pbc, REACH_A)
    # An atom and its own image cannot be pushed together.
    other = i < j
    i, j, vectors = i[other], j[other], vectors[other]
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths, kind="stable")
    found: list[Approach] = []
    centres: list[FloatArray] = []
    missing = set(wanted)
    closest: dict[Pair, float] = {}
    for edge in order[lengths[order] > 0.0]:
        a, b = int(i[edge]), int(j[edge])
        low, high = sorted((int(numbers[a]), int(numbers[b])))
        if (low, high) not in missing:
            continue
        # Where the closest pair is taken up by another, a much longer one is no bond: it waits for
        # its turn in the next group.
        if lengths[edge] > _LONGER * closest.setdefault((low, high), float(lengths[edge])):
            continue
        centre = positions[a] + 0.5 * vectors[edge]
        if centres and find_mic(np.array(centres) - centre, cell, pbc)[1].min() < _APART_A:
            continue
        start = float(lengths[edge])
        distances = _distances(start, n_points)
        found.append(Approach((low, high), index, (a, b), vectors[edge] / start, distances))
        centres.append(centre)
        missing.discard((low, high))
    return found


def _distances(start: float, n_points: int) -> FloatArray:
    """Half of the points where dynamics gets to, the others in equal ratios to the inner end."""
    n_outer = n_points // 2
    outer = np.linspace(start, _OUTER * start, n_outer, endpoint=False)
    inner = np.geomspace(_OUTER * start, min(INNER_A, 0.5 * start), n_points - n_outer)
    return np.concatenate([outer, inner])


def approach_frames(frames: Frames, groups: Sequence[Sequence[Approach]]) -> Frames:
    """Frames of all groups one after the other, each with its pairs at all of their distances."""
    parts = []
    for group in groups:
        n_points = len(group[0].distances)
        copies = frames.select(np.full(n_points, group[0].frame, dtype=np.int64))
        positions = copies.positions.reshape(n_points, -1, 3).copy()
        for one in group:
            # Both atoms move, so that their centre stays in the middle of its surroundings.
            shift = 0.5 * (one.distances[0] - one.distances)[:, None] * one.direction
            positions[:, one.atoms[0]] += shift
            positions[:, one.atoms[1]] -= shift
        parts.append(replace(copies, positions=positions.reshape(-1, 3)))
    chosen = np.concatenate(
        [np.full(len(group[0].distances), group[0].frame, dtype=np.int64) for group in groups]
    )
    whole = frames.select(chosen)
    return replace(whole, positions=np.concatenate([part.positions for part in parts]))


def push_pull(approach: Approach, forces: FloatArray) -> FloatArray:
    """Force between a pair in eV/Å, positive where it repels, ``(n_points,)``.

    Parameters
    ----------
    approach
        The pair.
    forces
        Forces on all atoms of its frame at each distance in eV/Å, shape ``(n_points, n_atoms, 3)``.
    """
    a, b = approach.atoms
    # -dE/dr of two atoms that each move by half of dr.
    return np.asarray(0.5 * (forces[:, b] - forces[:, a]) @ approach.direction)


def push_work(distances: FloatArray, pulls: FloatArray) -> FloatArray:
    """Work in eV that it takes to push a pair from its first to each distance, ``(n_points,)``.

    Between two points a repulsion is a power of the distance, for which the integral is exact;
    where the force changes its sign, it is a straight line in ln r.

    Parameters
    ----------
    distances
        Descending, in Å, shape ``(n_points,)``.
    pulls
        Force between the pair in eV/Å, positive where it repels, same shape.

    Examples
    --------
    Of r^-12 from 2 to 1 Å:

    >>> r = np.array([2.0, 1.0])
    >>> push_work(r, 12.0 * r**-13).round(6).tolist()
    [0.0, 0.999756]
    """
    scaled = np.asarray(pulls) * distances
    first, last = scaled[:-1], scaled[1:]
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        mean = 0.5 * (first + last)
        power = (first > 0.0) & (last > 0.0) & (np.abs(last - first) > 1e-6 * mean)
        ratio = np.log(np.where(power, last / first, np.e))
        mean = np.where(power, (last - first) / ratio, mean)
        steps = -np.diff(np.log(distances)) * mean
        return np.concatenate([[0.0], np.cumsum(steps)])
