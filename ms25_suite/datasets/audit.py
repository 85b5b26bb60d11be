"""Questions to the data, asked before any potential is judged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.datasets.card import DatasetCard
from ms25_suite.datasets.finding import Finding, frame_list
from ms25_suite.datasets.splits import Splits
from ms25_suite.datasets.stress_audit import audit_stress, composition
from ms25_suite.fields import NOT_STATED
from ms25_suite.frames import Frames, Labels

if TYPE_CHECKING:
    from ms25_suite.datasets.store import Content

__all__ = ["audit_dataset", "audit_frames", "frame_digests"]

_DECIMALS: Final = 5
"""Digits of positions and cells (Å) that count when frames are compared: extended XYZ holds 8,
single precision resolves 1e-6 Å at 10 Å."""

_CLOSEST: Final = 0.5
"""Distance in Å below which atoms overlap: the shortest bond of all, H2, has 0.74 Å (Huber &
Herzberg, Constants of Diatomic Molecules, 1979), and 0.5 Å would cost it 1.7 eV (Morse potential,
4.75 eV deep, exponent 1.94 / Å)."""

_OUTLIER_SIGMAS: Final = 15.0
"""Distance from the median, in robust standard deviations, that makes an energy an outlier."""

_OUTLIER_LEAST: Final = 0.5
"""And the least distance in eV/atom: kT per atom at 6000 K, more than heating any solid up to
its melting point stores (Dulong and Petit: 3/2 kT of potential energy, 0.39 eV at 3000 K)."""


def frame_digests(frames: Frames) -> np.ndarray[Any, Any]:
    """Fingerprint of each frame: equal for frames that are the same after rounding.

    Returns
    -------
    :
        Shape ``(n_frames,)``, dtype ``V16``.
    """
    return np.frombuffer(b"".join(frames.fingerprints()), dtype="V16")


def audit_frames(
    frames: Frames, labels: Labels, digests: np.ndarray[Any, Any]
) -> tuple[Finding, ...]:
    """Findings about the frames and labels themselves.

    Parameters
    ----------
    frames, labels
        The data.
    digests
        Result of `frame_digests`.
    """
    findings = [
        _duplicates(digests),
        _mixed_periodicity(frames),
        _overlapping_atoms(frames),
        _energy_outliers(frames, labels),
        _same_energies(labels),
        *audit_stress(frames, labels),
    ]
    return tuple(finding for finding in findings if finding is not None)


def audit_dataset(card: DatasetCard, content: Content, splits: Splits) -> tuple[Finding, ...]:
    """Findings that depend on the card and on how the frames are divided."""
    findings = []
    if card.level_of_theory == NOT_STATED:
        findings.append(
            Finding(
                "note",
                "no-level-of-theory",
                "The level of theory of the labels is not stated, so nobody can tell whether a "
                'potential was trained on the same. Say it in a card: level_of_theory = "…".',
            )
        )
    overlap = _overlap(content.digests, splits)
    if overlap is not None:
        findings.append(overlap)
    return tuple(findings)


def _duplicates(digests: np.ndarray[Any, Any]) -> Finding | None:
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[inverse.reshape(-1)] != np.arange(len(digests)))
    if len(repeated) == 0:
        return None
    frames = tuple(int(index) for index in repeated)
    return Finding(
        "warning",
        "duplicate-frames",
        f"{len(frames)} of {len(digests)} frames repeat an earlier one (equal to "
        f"{_DECIMALS} digits: {frame_list(frames)}). They count twice in every error, and a "
        f"random split may put copies into training and test. Remove them.",
        frames,
    )


def _overlap(digests: np.ndarray[Any, Any], splits: Splits) -> Finding | None:
    frames: set[int] = set()
    for train, validation, test in splits.parts:
        known = np.concatenate([digests[train], digests[validation]])
        frames.update(int(index) for index in test[np.isin(digests[test], known)])
    if not frames:
        return None
    indices = tuple(sorted(frames))
    return Finding(
        "warning",
        "train-test-overlap",
        f"{len(indices)} test frames are also training or validation frames "
        f"({frame_list(indices)}): test errors look better than they are. Remove these frames "
        f"from one side.",
        indices,
    )


def _mixed_periodicity(frames: Frames) -> Finding | None:
    kinds, counts = np.unique(np.asarray(frames.pbc), axis=0, return_counts=True)
    if len(kinds) == 1:
        return None
    common = kinds[int(np.argmax(counts))]
    rest = np.flatnonzero((np.asarray(frames.pbc) != common).any(axis=1))
    shown = "; ".join(
        f"{count} frames {''.join('T' if flag else 'F' for flag in kind)}"
        for kind, count in zip(kinds, counts, strict=True)
    )
    return Finding(
        "warning",
        "mixed-periodicity",
        f"The frames differ in their periodic directions ({shown}). If that is not on purpose, "
        f"a writer has lost `pbc` on the way.",
        tuple(int(index) for index in rest),
    )


def _overlapping_atoms(frames: Frames) -> Finding | None:
    # Not vesin: it imports torch where it can, which nothing in the process of pytest may do.
    from matscipy.neighbours import neighbour_list

    close: list[int] = []
    shortest = _CLOSEST
    for index in range(len(frames)):
        part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
        positions = np.array(frames.positions[part])
        cell = _full_cell(np.array(frames.cells[index]), positions)
        pbc = np.array(frames.pbc[index])
        if not pbc.any():
            # Atoms of a molecule may lie outside the cell that some writer gave them.
            positions = positions - positions.min(axis=0) + 1.0
            cell = np.diag(positions.max(axis=0) + 1.0)
        distances = neighbour_list("d", positions=positions, cell=cell, pbc=pbc, cutoff=_CLOSEST)
        if len(distances):
            close.append(index)
            shortest = min(shortest, float(distances.min()))
    if not close:
        return None
    return Finding(
        "warning",
        "overlapping-atoms",
        f"{len(close)} frames have atoms closer than {_CLOSEST} Å (shortest {shortest:.3f} Å; "
        f"{frame_list(close)}). Are positions and cell in Å, and is the cell the right one?",
        tuple(close),
    )


def _full_cell(cell: np.ndarray[Any, Any], positions: np.ndarray[Any, Any]) -> Any:
    """The cell with missing vectors of non-periodic directions completed."""
    from ase.geometry import complete_cell

    missing = np.linalg.norm(cell, axis=1) == 0.0
    if not missing.any():
        return cell
    span = float(np.ptp(positions, axis=0).max()) + 2.0
    completed = np.array(complete_cell(cell))
    completed[missing] *= span
    return completed


def _energy_outliers(frames: Frames, labels: Labels) -> Finding | None:
    """Energies far off a sum of element energies, which differences of composition explain."""
    n_frames = len(frames)
    elements = np.array(frames.elements)
    if labels.energy is None or n_frames < max(10, 3 * len(elements)):
        return None
    counts = composition(frames)
    per_atom = np.asarray(labels.energy) / frames.n_atoms
    shares = counts / frames.n_atoms[:, None]
    coefficients = np.linalg.lstsq(shares, per_atom, rcond=None)[0]
    residual = per_atom - shares @ coefficients
    residual = residual - np.median(residual)
    # 1.4826 turns the median absolute deviation of a normal distribution into its sigma.
    sigma = 1.4826 * float(np.median(np.abs(residual)))
    bad = np.flatnonzero(np.abs(residual) > max(_OUTLIER_SIGMAS * sigma, _OUTLIER_LEAST))
    if len(bad) == 0:
        return None
    indices = tuple(int(index) for index in bad)
    worst = float(residual[bad[int(np.argmax(np.abs(residual[bad])))]])
    return Finding(
        "warning",
        "energy-outliers",
        f"The energy of {len(indices)} frames lies more than "
        f"{max(_OUTLIER_SIGMAS * sigma, _OUTLIER_LEAST):.2f} eV/atom off the others (worst "
        f"{worst:+.2f} eV/atom; {frame_list(indices)}). Did these calculations converge?",
        indices,
    )


def _same_energies(labels: Labels) -> Finding | None:
    if labels.energy is None or len(labels.energy) < 3 or np.ptp(np.asarray(labels.energy)) > 0.0:
        return None
    return Finding(
        "warning",
        "constant-energy",
        f"All frames have the same energy, {float(labels.energy[0]):.6g} eV: is that a label?",
    )
