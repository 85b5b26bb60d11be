"""What surrounds the atoms of a frame: whether it is symmetric, and how close and how many.

An odd label is no mistake where the structure explains it: the force on an atom at a symmetric
site is zero, and the energy of a dimer is far from that of the bulk.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray
from ms25_suite.datasets.audit.pairs import neighbours, pairs

__all__ = ["at_symmetric_sites", "closeness", "evenly", "unlike"]

_REACH: Final = 6.0
"""Å; neighbours beyond it are not looked at: the largest cutoff of the paper's table 1."""

_DECAYS: Final = (0.4, 0.8, 1.6)
"""Å; lengths over which the test forces of `at_symmetric_sites` decay."""

_BALANCED: Final = 1e-3
"""Share of the test forces on an atom that may be left over at a symmetric site. Bonds that pull
with some eV/Å then leave some meV/Å; coordinates of four digits are this well balanced."""

_BONDED: Final = 1.3
"""Distance over the sum of the covalent radii up to which atoms count as bonded."""

_LOOKED_AT: Final = 100
"""Most frames whose surroundings are compared with those of others."""


def evenly(indices: IntArray, most: int) -> IntArray:
    """At most so many of some indices, spread evenly over them, the same in every run."""
    if len(indices) <= most:
        return indices
    return np.asarray(indices[np.linspace(0, len(indices) - 1, most).round().astype(np.int64)])


def at_symmetric_sites(frames: Frames, index: int, atoms: BoolArray) -> BoolArray:
    """Atoms on which no pair potential exerts a force.

    Where the symmetry of a site leaves no direction that differs from the others, the force is
    zero for any potential. A group theorist would ask for an invariant vector; here, several
    forces between pairs, one for each element, are summed over the neighbours within 6 Å. An atom
    without neighbours is at such a site too.

    Parameters
    ----------
    frames
        The structures.
    index
        Index of the frame.
    atoms
        Atoms of the frame to look at, shape ``(n_atoms,)``.

    Returns
    -------
    :
        Shape ``(n_atoms,)``; false for atoms that were not looked at.
    """
    first, second, distances, vectors = pairs(frames, index, _REACH)
    kept = atoms[first] & (distances > 0.0)
    first, second = first[kept], second[kept]
    distances, vectors = distances[kept], vectors[kept]
    numbers = np.asarray(frames.numbers[_part(frames, index)])
    # The weights end smoothly, so that a neighbour at the edge of the reach does not matter.
    edge = (1.0 - np.square(distances / _REACH)) ** 2
    n_atoms = len(numbers)
    balanced = atoms.copy()
    for element in np.unique(numbers[second]) if len(second) else ():
        own = numbers[second] == element
        for decay in _DECAYS:
            # Relative to the closest neighbour of any atom: exponentials must not vanish.
            weight = (np.exp((distances.min() - distances) / decay) * edge)[own]
            total = np.bincount(first[own], weight, minlength=n_atoms)
            left = np.stack(
                [
                    np.bincount(
                        first[own],
                        weight * vectors[own, axis] / distances[own],
                        minlength=n_atoms,
                    )
                    for axis in range(3)
                ],
                axis=1,
            )
            balanced &= np.linalg.norm(left, axis=1) <= _BALANCED * total
    return balanced


def closeness(frames: Frames, index: int) -> tuple[FloatArray, FloatArray]:
    """How close the nearest neighbour of each atom is, and how many it is bonded to.

    Returns
    -------
    nearest, bonds
        Distance of the nearest neighbour over the sum of the covalent radii (Cordero et al.,
        Dalton Trans. 2008, 2832), infinite where there is none within 6 Å, and the number of
        neighbours within 1.3 times that sum; each of shape ``(n_atoms,)``.
    """
    from ase.data import covalent_radii

    first, second, distances = neighbours(frames, index, _REACH)
    numbers = np.asarray(frames.numbers[_part(frames, index)])
    radii = np.asarray(covalent_radii)[numbers]
    relative = distances / (radii[first] + radii[second])
    nearest = np.full(len(numbers), np.inf)
    np.minimum.at(nearest, first, relative)
    bonds = np.bincount(first[relative < _BONDED], minlength=len(numbers))
    return nearest, bonds.astype(np.float64)


def unlike(frames: Frames, chosen: IntArray, others: IntArray) -> BoolArray:
    """Whether each of some frames differs in structure from all of some others.

    Compared are the shortest distance over the sum of the covalent radii, and the mean number of
    bonds of an atom: dimers, clusters, surfaces, and cells that are compressed or expanded differ
    from the bulk in one of them.

    Parameters
    ----------
    frames
        The structures.
    chosen, others
        Indices of the frames. At most 100 of each are looked at, spread evenly over them; each
        of the others is taken to be as the one before it.

    Returns
    -------
    :
        Shape ``(n_chosen,)``.
    """
    result = np.zeros(len(chosen), dtype=bool)
    if len(chosen) == 0 or len(others) == 0:
        return result
    usual = np.array([_summary(frames, int(index)) for index in evenly(others, _LOOKED_AT)])
    (closest, fewest), (farthest, most) = usual.min(axis=0), usual.max(axis=0)
    places = evenly(np.arange(len(chosen)), _LOOKED_AT)
    for place, end in zip(places, [*places[1:], len(chosen)], strict=True):
        near, bonds = _summary(frames, int(chosen[place]))
        # Wide enough for thermal motion, in which distances vary by a tenth.
        result[place:end] = not (
            0.85 * closest <= near <= 1.2 * farthest
            and 0.75 * fewest - 0.25 <= bonds <= 1.33 * most + 0.25
        )
    return result


def _summary(frames: Frames, index: int) -> tuple[float, float]:
    nearest, bonds = closeness(frames, index)
    # Beyond the reach all distances are alike.
    return float(min(nearest.min(), 10.0)), float(bonds.mean())


def _part(frames: Frames, index: int) -> slice:
    return slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
