"""What ends a trajectory: atoms that overlap, forces that explode, numbers that are not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions

__all__ = ["Break", "Limits", "broken", "overlap", "shortest_distances"]

Pairs = Mapping[tuple[int, int], float]
"""A distance in Å for pairs of atomic numbers, the smaller number first."""

BreakKind = Literal["overlap", "forces", "not-finite"]


@dataclass(frozen=True, slots=True)
class Break:
    """Why a trajectory ended early.

    Parameters
    ----------
    step
        The first step at which it happened; 0 is the start.
    kind
        ``overlap``: atoms are too close; ``forces``: one is too large; ``not-finite``: there is no
        finite energy or force.
    message
        What was found.
    """

    step: int
    kind: BreakKind
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a trajectory ends.

    Parameters
    ----------
    distances
        Closest distance that is allowed, in Å; pairs that are not named are not looked at.
    force
        Largest force component that is allowed, in eV/Å.
    """

    distances: Pairs
    force: float


def shortest_distances(frames: Frames, cutoff: float) -> dict[tuple[int, int], float]:
    """Shortest distance of each pair of elements in any frame, as far as it is below the cutoff.

    Parameters
    ----------
    frames
        The frames.
    cutoff
        Longest distance to look at in Å.
    """
    found: dict[tuple[int, int], float] = {}
    for index in range(len(frames)):
        i, j, distances = _neighbours(frames, index, cutoff)
        numbers = frames.numbers[frames.offsets[index] : frames.offsets[index + 1]]
        low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
        for pair in np.unique(np.stack([low, high], axis=1), axis=0):
            own = distances[(low == pair[0]) & (high == pair[1])].min()
            key = (int(pair[0]), int(pair[1]))
            found[key] = min(found.get(key, np.inf), float(own))
    return found


def overlap(frames: Frames, index: int, distances: Pairs) -> tuple[tuple[int, int], float] | None:
    """The pair of a frame that is closest relative to what is allowed, if it is too close.

    Returns
    -------
    :
        Atomic numbers and the distance in Å, or None.
    """
    if not distances:
        return None
    i, j, found = _neighbours(frames, index, max(distances.values()))
    if len(found) == 0:
        return None
    numbers = frames.numbers[frames.offsets[index] : frames.offsets[index + 1]]
    pairs = [(int(min(a, b)), int(max(a, b))) for a, b in zip(numbers[i], numbers[j], strict=True)]
    ratios = np.array(
        [d / distances[p] if p in distances else np.inf for p, d in zip(pairs, found, strict=True)]
    )
    worst = int(np.argmin(ratios))
    return (pairs[worst], float(found[worst])) if ratios[worst] < 1.0 else None


def broken(
    frames: Frames, index: int, found: Predictions, step: int, limits: Limits
) -> Break | None:
    """Why the trajectory of a frame ends at this step; None if it goes on.

    Parameters
    ----------
    frames, index
        The frames as they are at this step, and which of them is asked about.
    found
        Energies and forces of all of them, NaN where they are not finite.
    step
        Number of the step.
    limits
        Where a trajectory ends.
    """
    from ase.data import chemical_symbols

    if found.energy is None or found.forces is None:
        msg = "dynamics need energies and forces"
        raise ValueError(msg)
    if not np.isfinite(found.energy[index]):
        return Break(step, "not-finite", "the energy or a force is not finite")
    close = overlap(frames, index, limits.distances)
    if close is not None:
        (one, other), distance = close
        names = f"{chemical_symbols[one]} and {chemical_symbols[other]}"
        allowed = limits.distances[one, other]
        msg = f"{names} are {distance:.2f} Å apart, closer than {allowed:.2f} Å"
        return Break(step, "overlap", msg)
    forces = found.forces[frames.offsets[index] : frames.offsets[index + 1]]
    largest = float(np.abs(forces).max(initial=0.0))
    if largest > limits.force:
        msg = f"a force component of {largest:.3g} eV/Å, larger than {limits.force:.3g} eV/Å"
        return Break(step, "forces", msg)
    return None


def _neighbours(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    # Not vesin: it imports torch where it can, which nothing in the process of pytest may do.
    from ase.geometry import complete_cell
    from matscipy.neighbours import neighbour_list

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    positions, pbc = np.array(frames.positions[part]), np.array(frames.pbc[index])
    cell = complete_cell(np.array(frames.cells[index]))
    if not pbc.any():
        # The list wants atoms that lie inside the cell.
        positions = positions - positions.min(axis=0) + 1.0
        cell = np.diag(positions.max(axis=0) + 1.0)
    i, j, d = neighbour_list("ijd", positions=positions, cell=cell, pbc=pbc, cutoff=cutoff)
    return np.asarray(i, np.int64), np.asarray(j, np.int64), np.asarray(d, np.float64)
