"""Duplicate frames, mixed periodicity, overlapping and isolated atoms."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.geometry.neighbours import neighbours_by_tree
from ms25_suite.datasets.answers import Answer, answered

__all__ = ["CLOSEST", "NEAR", "audit_structure", "neighbour_distances"]

_DECIMALS: Final = 5
"""Digits of positions and cells (Å) that count when frames are compared: extended XYZ holds 8,
single precision resolves 1e-6 Å at 10 Å."""

CLOSEST: Final = 0.5
"""Distance in Å below which atoms overlap: the shortest bond of all, H2, has 0.74 Å (Huber &
Herzberg, Constants of Diatomic Molecules, 1979), and 0.5 Å would cost it 1.7 eV (Morse potential,
4.75 eV deep, exponent 1.94 / Å)."""

NEAR: Final = 3.5
"""Distance in Å within which atoms of condensed matter have a neighbour (2.77 Å in Pt, 3.2 Å in
Zr). Only where there is none, neighbours up to `_FARTHEST` are searched."""

_FARTHEST: Final = 10.0
"""Å; neighbours beyond it are not searched: no cutoff of the paper's table 1 exceeds 6 Å."""

_MOST_BOXES: Final = 1_000_000
"""Boxes of the size of the cutoff in a cell, all of which matscipy allocates (8 MB)."""

_CHUNK: Final = 100_000
"""Atoms whose distances are computed at once."""


def audit_structure(frames: Frames, digests: np.ndarray[Any, Any]) -> list[Answer]:
    """Answers about the structures alone.

    Parameters
    ----------
    frames
        The structures.
    digests
        Fingerprint of each frame, shape ``(n_frames,)``, ``V16``.
    """
    return [_duplicates(digests), _periodicity(frames), _overlap(frames)]


def _duplicates(digests: np.ndarray[Any, Any]) -> Answer:
    # `first` is the earliest frame with each digest; all others with it are repeats.
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[inverse.reshape(-1)] != np.arange(len(digests)))
    if len(repeated) == 0:
        return answered("duplicates", f"no: all {len(digests)} differ by more than 1e-5 Å")
    frames = tuple(int(index) for index in repeated)
    finding = Finding(
        "duplicate-frames",
        f"{len(frames)} of {len(digests)} frames repeat an earlier one (equal to "
        f"{_DECIMALS} digits: {frame_list(frames)}). They count twice in every error, and a "
        f"random split may put copies into training and test. Remove them.",
        frames=frames,
    )
    return answered("duplicates", f"yes: {frame_list(frames)}", finding)


def _periodicity(frames: Frames) -> Answer:
    kinds, counts = np.unique(np.asarray(frames.pbc), axis=0, return_counts=True)
    if len(kinds) == 1:
        words = {3: "all three", 0: "no"}.get(int(kinds[0].sum()), f"some ({_flags(kinds[0])})")
        return answered("periodicity", f"yes, in {words} directions")
    common = kinds[int(np.argmax(counts))]
    rest = np.flatnonzero((np.asarray(frames.pbc) != common).any(axis=1))
    shown = "; ".join(
        f"{count} frames {_flags(kind)}" for kind, count in zip(kinds, counts, strict=True)
    )
    finding = Finding(
        "mixed-periodicity",
        f"The frames differ in their periodic directions ({shown}). If that is not on "
        f"purpose, a program that wrote them has lost `pbc`.",
        frames=tuple(int(index) for index in rest),
    )
    return answered("periodicity", f"no: {shown}", finding)


def _flags(pbc: Any) -> str:
    return "".join("T" if flag else "F" for flag in pbc)


def _overlap(frames: Frames) -> Answer:
    close: list[int] = []
    shortest = CLOSEST
    for index in range(len(frames)):
        distances = _pairs(frames, index, CLOSEST)[2]
        if len(distances):
            close.append(index)
            shortest = min(shortest, float(distances.min()))
    if not close:
        return answered("overlap", f"no: no two are closer than {CLOSEST} Å")
    finding = Finding(
        "overlapping-atoms",
        f"{len(close)} frames have atoms closer than {CLOSEST} Å (shortest {shortest:.3f} Å; "
        f"{frame_list(close)}). Are positions and cell in Å, and is the cell the right one?",
        frames=tuple(close),
    )
    return answered("overlap", f"yes, as close as {shortest:.3f} Å", finding)


def neighbour_distances(frames: Frames) -> FloatArray:
    """The largest distance of an atom of each frame to its nearest neighbour.

    Shape ``(n_frames,)``. An upper bound in Å, exact where it exceeds `NEAR`. Infinite where an
    atom has no neighbour within 10 Å; zero for a frame of a single atom without periodic
    directions, which has no neighbours at all.

    A search for the neighbours in each frame would take as long as reading the file. But frames
    of a trajectory have their atoms in the same order, and neighbours stay neighbours:
    the distance to the neighbour in the first frame of that size is a bound for all others.
    """
    bounds = np.full(len(frames), np.inf)
    n_atoms = frames.n_atoms
    for size in np.unique(n_atoms):
        same = np.flatnonzero(n_atoms == size)
        partner = _nearest_atoms(frames, int(same[0]))
        step = max(1, _CHUNK // int(size))
        for start in range(0, len(same), step):
            chunk = same[start : start + step]
            bounds[chunk] = _distances_to(frames, chunk, partner)
    # Also where a bound is NaN, which compares false.
    for index in np.flatnonzero(~(bounds <= NEAR)):
        bounds[index] = _farthest_neighbour(frames, int(index))
    return bounds


def _distances_to(frames: Frames, chosen: IntArray, partner: IntArray) -> FloatArray:
    """Largest distance of an atom to its partner in frames of equal size; infinite without one."""
    atoms = np.asarray(frames.offsets)[chosen, None] + np.arange(len(partner))
    # All frames of one size at once, shape (n_chosen, n_atoms, 3).
    positions = np.asarray(frames.positions)[atoms]
    apart = positions[:, partner] - positions
    pbc = np.asarray(frames.pbc)[chosen]
    cells = np.where(pbc[:, :, None], np.asarray(frames.cells)[chosen], 0.0)
    # Scaled coordinates; the pseudo-inverse gives them also where cell vectors are missing. Any
    # image gives an upper bound, so the rounded one need not be the nearest.
    shares = np.rint(apart @ np.linalg.pinv(cells))
    apart = apart - shares @ cells
    distances = np.sqrt(np.square(apart).sum(axis=2))
    distances[:, partner < 0] = np.inf
    # A single atom has no partner but its own images.
    distances[:, partner == np.arange(len(partner))] = np.inf
    return np.asarray(distances.max(axis=1))


def _nearest_atoms(frames: Frames, index: int) -> IntArray:
    """Nearest neighbour of each atom of a frame, -1 where none is within 10 Å."""
    first, second, distances = _neighbours(frames, index, NEAR)
    if len(np.unique(first)) < frames.n_atoms[index]:
        first, second, distances = _neighbours(frames, index, _FARTHEST)
    partner = np.full(int(frames.n_atoms[index]), -1, dtype=np.int64)
    # Farthest first: the last assignment, the nearest neighbour, wins.
    order = np.argsort(-distances, kind="stable")
    partner[first[order]] = second[order]
    return partner


def _farthest_neighbour(frames: Frames, index: int) -> float:
    n_atoms = int(frames.n_atoms[index])
    # A free atom is a legitimate frame, for isolated-atom energies.
    if n_atoms == 1 and not np.asarray(frames.pbc[index]).any():
        return 0.0
    for cutoff in (NEAR, _FARTHEST):
        first, _, distances = _neighbours(frames, index, cutoff)
        nearest = np.full(n_atoms, np.inf)
        np.minimum.at(nearest, first, distances)
        if np.isfinite(nearest).all():
            break
    return float(nearest.max())


def _neighbours(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of different atoms; for a frame of a single atom, pairs with its own images."""
    first, second, distances = _pairs(frames, index, cutoff)
    other = (first != second) | (frames.n_atoms[index] == 1)
    return first[other], second[other], distances[other]


def _pairs(frames: Frames, index: int, cutoff: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Both atoms and the distance of each pair of a frame within a cutoff, in both directions."""
    # Not vesin: it imports torch where it can, which nothing in the process of pytest may do.
    from matscipy.neighbours import neighbour_list

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    positions = np.array(frames.positions[part])
    cell = _full_cell(np.array(frames.cells[index]), positions)
    pbc = np.array(frames.pbc[index])
    if not pbc.any():
        # Atoms of a molecule may lie outside of the cell in the file.
        positions = positions - positions.min(axis=0) + 1.0
        cell = np.diag(positions.max(axis=0) + 1.0)
    if abs(np.linalg.det(cell)) > _MOST_BOXES * cutoff**3:
        # A few atoms in a large box.
        first, second, vectors = neighbours_by_tree(positions, cell, pbc, cutoff)
        return first, second, np.asarray(np.linalg.norm(vectors, axis=1))
    first, second, distances = neighbour_list(
        "ijd", positions=positions, cell=cell, pbc=pbc, cutoff=cutoff
    )
    return first, second, distances


def _full_cell(cell: FloatArray, positions: FloatArray) -> FloatArray:
    """The cell with missing vectors of non-periodic directions completed."""
    from ase.geometry import complete_cell

    missing = np.linalg.norm(cell, axis=1) == 0.0
    if not missing.any():
        return cell
    # ASE completes a cell by unit vectors (1 Å); they are stretched beyond the extent of the
    # atoms.
    span = float(np.ptp(positions, axis=0).max()) + 2.0
    completed = np.array(complete_cell(cell), dtype=np.float64)
    completed[missing] *= span
    return completed
