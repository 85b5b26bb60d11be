"""Reasons to end a trajectory: overlapping atoms, huge forces, numbers that are not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions
from ms25_suite.metrics.finite import energies_and_forces

__all__ = [
    "Break",
    "BreakKind",
    "Limits",
    "Pairs",
    "find_break",
    "find_overlap",
    "shortest_distances",
]

Pairs = Mapping[tuple[int, int], float]
"""A distance in Å for pairs of atomic numbers, the smaller number first."""

BreakKind = Literal["overlap", "forces", "not-finite"]


@dataclass(frozen=True, slots=True)
class Break:
    """Why a trajectory ended early.

    Parameters
    ----------
    step
        First step at which it happened; 0 is the start.
    kind
        ``overlap``: atoms are too close; ``forces``: a force is too large; ``not-finite``: the
        energy or a force is not finite.
    message
        What was found, with numbers.
    """

    step: int
    kind: BreakKind
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Distances and forces at which a trajectory ends.

    Parameters
    ----------
    distances
        Shortest allowed distance in Å for pairs of elements; other pairs are not checked.
    force
        Largest allowed force component in eV/Å.
    """

    distances: Pairs
    force: float


def shortest_distances(frames: Frames, cutoff: float) -> dict[tuple[int, int], float]:
    """Shortest distance of each pair of elements over all frames.

    Parameters
    ----------
    frames
        The frames.
    cutoff
        Distances beyond this are ignored, in Å.

    Returns
    -------
    :
        Distances in Å by atomic numbers, the smaller number first; pairs of elements that are
        never within the cutoff are left out.
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


def find_overlap(
    frames: Frames, index: int, distances: Pairs
) -> tuple[tuple[int, int], float] | None:
    """Find the pair of atoms that is closest relative to its shortest allowed distance.

    Parameters
    ----------
    frames, index
        Frames, and which of them to check.
    distances
        Shortest allowed distance in Å for pairs of elements.

    Returns
    -------
    :
        Atomic numbers and distance in Å of that pair; None if no pair is too close.
    """
    if not distances:
        return None
    # Beyond the largest allowed distance no pair is too close.
    i, j, found = _neighbours(frames, index, max(distances.values()))
    if len(found) == 0:
        return None
    numbers = frames.numbers[frames.offsets[index] : frames.offsets[index + 1]]
    pairs = [(int(min(a, b)), int(max(a, b))) for a, b in zip(numbers[i], numbers[j], strict=True)]
    # Relative to the allowed distance, since a bond of hydrogen is shorter than one of metals.
    ratios = np.array(
        [d / distances[p] if p in distances else np.inf for p, d in zip(pairs, found, strict=True)]
    )
    worst = int(np.argmin(ratios))
    return (pairs[worst], float(found[worst])) if ratios[worst] < 1.0 else None


def find_break(
    frames: Frames, index: int, found: Predictions, step: int, limits: Limits
) -> Break | None:
    """Reason to end the trajectory of a frame at this step; None to continue.

    Parameters
    ----------
    frames, index
        Frames at this step, and which of them to check.
    found
        Energies in eV and forces in eV/Å of all frames, NaN where they are not finite.
    step
        Number of the step.
    limits
        Distances and forces at which a trajectory ends.

    Raises
    ------
    ValueError
        Energies or forces are missing.
    """
    from ase.data import chemical_symbols

    energies, all_forces = energies_and_forces(found)
    if not np.isfinite(energies[index]):
        return Break(step, "not-finite", "the energy or a force is not finite")
    # Before the forces: atoms that overlap have huge forces too, and the overlap is the cause.
    close = find_overlap(frames, index, limits.distances)
    if close is not None:
        (one, other), distance = close
        names = f"{chemical_symbols[one]} and {chemical_symbols[other]}"
        allowed = limits.distances[one, other]
        msg = f"{names} are {distance:.2f} Å apart, closer than {allowed:.2f} Å"
        return Break(step, "overlap", msg)
    forces = all_forces[frames.offsets[index] : frames.offsets[index + 1]]
    largest = float(np.abs(forces).max(initial=0.0))
    if largest > limits.force:
        msg = f"a force component of {largest:.3g} eV/Å, larger than {limits.force:.3g} eV/Å"
        return Break(step, "forces", msg)
    return None


def _neighbours(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    # Not vesin: it imports torch if that is installed, and this runs in the process of pytest.
    from ase.geometry import complete_cell
    from matscipy.neighbours import neighbour_list

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    positions, pbc = np.array(frames.positions[part]), np.array(frames.pbc[index])
    cell = complete_cell(np.array(frames.cells[index]))
    if not pbc.any():
        # matscipy requires all atoms inside the cell: give a molecule a box around it.
        positions = positions - positions.min(axis=0) + 1.0
        cell = np.diag(positions.max(axis=0) + 1.0)
    i, j, d = neighbour_list("ijd", positions=positions, cell=cell, pbc=pbc, cutoff=cutoff)
    return np.asarray(i, np.int64), np.asarray(j, np.int64), np.asarray(d, np.float64)
