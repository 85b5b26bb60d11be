"""Duplicate frames, mixed periodicity, overlapping and isolated atoms."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels
from ms25_suite.datasets.answers import Answer, answered
from ms25_suite.datasets.audit.pairs import neighbours, pairs

__all__ = ["CLOSEST", "NEAR", "STRONGEST_BOND", "audit_structure", "neighbour_distances"]

_DECIMALS: Final = 5
"""Digits of positions and cells (Å) that count when frames are compared: extended XYZ holds 8,
single precision resolves 1e-6 Å at 10 Å."""

STRONGEST_BOND: Final = 13.3
"""eV/Å that break the strongest bond but one, that of N2: half of depth times exponent of its
Morse potential, 9.9 eV and 2.69 / Å (Huber & Herzberg, Constants of Diatomic Molecules, 1979)."""

CLOSEST: Final = 0.5
"""Distance in Å below which atoms overlap: the shortest bond of all, H2, has 0.74 Å (Huber &
Herzberg, Constants of Diatomic Molecules, 1979), and 0.5 Å would cost it 1.7 eV (Morse potential,
4.75 eV deep, exponent 1.94 / Å)."""

NEAR: Final = 3.5
"""Distance in Å within which atoms of condensed matter have a neighbour (2.77 Å in Pt, 3.2 Å in
Zr). Only where there is none, neighbours up to `_FARTHEST` are searched."""

_FARTHEST: Final = 10.0
"""Å; neighbours beyond it are not searched: no cutoff of the paper's table 1 exceeds 6 Å."""

_SAME_ENERGY: Final = 1e-3
"""eV; total energies of two calculations of one structure by one method agree to this."""

_VACUUM: Final = 1.5
"""Volume of an atom, relative to that in crystals, from which on a cell has vacuum in it."""

_CHUNK: Final = 100_000
"""Atoms whose distances are computed at once."""


def audit_structure(frames: Frames, labels: Labels, digests: np.ndarray[Any, Any]) -> list[Answer]:
    """Answers about the structures.

    Parameters
    ----------
    frames, labels
        The structures, and labels that explain odd ones.
    digests
        Fingerprint of each frame, shape ``(n_frames,)``, ``V16``.
    """
    return [_duplicates(digests, labels), _periodicity(frames), _overlap(frames, labels.forces)]


def _duplicates(digests: np.ndarray[Any, Any], labels: Labels) -> Answer:
    # `first` is the earliest frame with each digest; all others with it are repeats.
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    earliest = first[inverse.reshape(-1)]
    repeated = np.flatnonzero(earliest != np.arange(len(digests)))
    if len(repeated) == 0:
        return answered("duplicates", f"no: all {len(digests)} differ by more than 1e-5 Å")
    frames = tuple(int(index) for index in repeated)
    fact = (
        f"{len(frames)} of {len(digests)} frames repeat an earlier one (equal to {_DECIMALS} "
        f"digits: {frame_list(frames)})"
    )
    apart = 0.0
    if labels.energy is not None:
        energy = np.asarray(labels.energy)
        apart = float(np.nan_to_num(np.abs(energy - energy[earliest])[repeated]).max())
    if apart > _SAME_ENERGY:
        finding = Finding(
            "duplicate-frames",
            f"{fact}, but not its energy (up to {apart:.3g} eV apart). Two methods, or states that "
            f"the frames do not tell apart, such as charge or spin? No potential can be right for "
            f"both of them. If a random split puts them into training and test, they are not "
            f"independent.",
            frames=frames,
        )
    else:
        finding = Finding(
            "duplicate-frames",
            f"{fact}. They count twice in every error, and a random split may put copies into "
            f"training and test. Remove them, unless they are repeated on purpose.",
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
    lost = _lost_pbc(frames)
    shown = "; ".join(
        f"{count} frames {_flags(kind)}" for kind, count in zip(kinds, counts, strict=True)
    )
    fact = f"The frames differ in their periodic directions ({shown})"
    if lost:
        finding = Finding(
            "mixed-periodicity",
            f"{fact}, and {len(lost)} of the less periodic ones ({frame_list(lost)}) have a cell "
            f"that is as full of atoms as those of the others. If that is not on purpose, a "
            f"program that wrote them has lost `pbc`.",
            frames=lost,
        )
    else:
        finding = Finding(
            "mixed-periodicity",
            f"{fact}: molecules, clusters, surfaces and crystals, as it seems. A potential is "
            f"judged on each as it is.",
            "note",
            tuple(int(index) for index in rest),
        )
    return answered("periodicity", f"no: {shown}", finding)


def _lost_pbc(frames: Frames) -> tuple[int, ...]:
    """Frames that look as if they were periodic in more directions than they state."""
    flags = np.asarray(frames.pbc).sum(axis=1)
    periodic = flags == 3
    if not periodic.any():
        return ()
    n_atoms = np.asarray(frames.n_atoms)
    per_atom = frames.volumes / n_atoms
    # Vacuum around a molecule or a slab makes the volume of an atom several times as large.
    full = float(np.median(per_atom[periodic])) * _VACUUM
    suspects = np.flatnonzero(~periodic & (per_atom > 0.0) & (per_atom < full))
    return tuple(int(index) for index in suspects)


def _flags(pbc: Any) -> str:
    return "".join("T" if flag else "F" for flag in pbc)


def _overlap(frames: Frames, forces: FloatArray | None) -> Answer:
    close: list[int] = []
    shortest = CLOSEST
    for index in range(len(frames)):
        distances = pairs(frames, index, CLOSEST)[2]
        if len(distances):
            close.append(index)
            shortest = min(shortest, float(distances.min()))
    if not close:
        return answered("overlap", f"no: no two are closer than {CLOSEST} Å")
    fact = (
        f"{len(close)} frames have atoms closer than {CLOSEST} Å (shortest {shortest:.3f} Å; "
        f"{frame_list(close)})"
    )
    text = f"yes, as close as {shortest:.3f} Å"
    if forces is not None and all(_repelled(frames, forces, index) for index in close):
        finding = Finding(
            "overlapping-atoms",
            f"{fact}, and forces on them as large as that repulsion makes them: short-range "
            f"structures, if they are on purpose.",
            "note",
            tuple(close),
        )
    else:
        finding = Finding(
            "overlapping-atoms",
            f"{fact}. Are positions and cell in Å, and is the cell the right one? Structures that "
            f"are made for the repulsion at short range would have large forces.",
            frames=tuple(close),
        )
    return answered("overlap", text, finding)


def _repelled(frames: Frames, forces: FloatArray, index: int) -> bool:
    """Whether each overlapping atom of a frame has a force beyond that of any bond."""
    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    first = np.unique(pairs(frames, index, CLOSEST)[0])
    sizes = np.linalg.norm(np.asarray(forces[part])[first], axis=1)
    # An atom between two others may be pushed from both sides.
    return bool(np.nan_to_num(sizes).max(initial=0.0) > STRONGEST_BOND)


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
    first, second, distances = neighbours(frames, index, NEAR)
    if len(np.unique(first)) < frames.n_atoms[index]:
        first, second, distances = neighbours(frames, index, _FARTHEST)
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
        first, _, distances = neighbours(frames, index, cutoff)
        nearest = np.full(n_atoms, np.inf)
        np.minimum.at(nearest, first, distances)
        if np.isfinite(nearest).all():
            break
    return float(nearest.max())
