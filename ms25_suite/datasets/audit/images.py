"""Periodic images within the cutoff: of one neighbour more than once, and of an atom itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.datasets.answers import Answer, answered, unanswered, unless_all
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.datasets.cards.card import DatasetCard

__all__ = ["audit_cell_size", "images_in_sight", "own_images"]

_MOST_REPEATS: Final = 4
"""Most repeats of a cell vector that are looked at: enough where the height of the cell is above a
fifth of the cutoff, which is 1.2 Å for 6 Å."""


_MOST_PAIRS: Final = 2e6
"""Most pairs of neighbours that are counted (a second): a cutoff in a card may be a mistake."""


def audit_cell_size(card: DatasetCard, frames: Frames) -> Answer:
    """Whether cells are two cutoffs wide, and if not, what an atom sees twice."""
    periodic = np.asarray(frames.pbc).any(axis=1)
    if not periodic.any():
        return unanswered("cell-size", "no frame is periodic")
    heights = _periodic_heights(frames)
    lowest = heights.min(axis=1)
    smallest = float(lowest.min())
    cutoff = card.cutoff
    if cutoff is None:
        return unanswered(
            "cell-size",
            f"the card states no cutoff; the smallest height of a cell is {smallest:.4g} Å, enough "
            f"for cutoffs up to {0.5 * smallest:.3g} Å",
        )
    text = f"smallest height of a cell {smallest:.4g} Å, cutoff {cutoff:g} Å"
    # Minimum-image condition: below 2 r_c the neighbour list of an atom can contain a second
    # image of the same neighbour, the "forced periodicity" that the paper blames for MgO 2x2 ->
    # 4x4 (section "System Size Cross Validation").
    small = np.flatnonzero(lowest < 2.0 * cutoff)
    if len(small) == 0:
        return answered("cell-size", text)
    narrowest = int(np.argmin(lowest))
    seen = "neighbours are too many to count how often an atom sees one of them."
    if _n_pairs(frames, narrowest, heights[narrowest], cutoff) < _MOST_PAIRS:
        seen = _seen(*images_in_sight(frames, narrowest, cutoff))
    n_own = int(np.count_nonzero(own_images(frames, heights, cutoff)))
    finding = Finding(
        "small-cells",
        f"Forced periodicity: in {len(small)} of {len(frames)} frames the smallest height of the "
        f"cell ({smallest:.4g} Å) is below twice the cutoff ({2.0 * cutoff:g} Å). In the narrowest "
        f"of them (frame {narrowest}) {seen} {_own(n_own)} That is no error of the "
        "labels, but a potential trained on them may fail in larger cells: judge it on those too.",
        "note",
        unless_all(small, len(frames)),
    )
    return answered("cell-size", text, finding)


def _n_pairs(frames: Frames, index: int, heights: FloatArray, cutoff: float) -> float:
    """About how many pairs of neighbours a frame has: by its density, at most by its images."""
    n_atoms = float(frames.n_atoms[index])
    most = n_atoms**2 * float(np.prod(2.0 * np.ceil(cutoff / heights) + 1.0))
    volume = abs(float(np.linalg.det(frames.cells[index])))
    sphere = 4.0 / 3.0 * np.pi * cutoff**3
    return min(most, n_atoms**2 * sphere / volume) if volume > 0 else most


def _seen(most: int, share: float) -> str:
    if most < 2:
        return "no atom sees two images of one neighbour; others may be less fortunate."
    return (
        f"an atom sees up to {most} images of one neighbour, which always move together "
        f"({100 * share:.3g} % of all neighbours are such images)."
    )


def _own(n_frames: int) -> str:
    if not n_frames:
        return "No atom has an image of itself within the cutoff."
    return f"In {n_frames} of them an atom has images of itself as neighbours."


def images_in_sight(frames: Frames, index: int, cutoff: float) -> tuple[int, float]:
    """How often an atom sees one and the same neighbour within a cutoff.

    Parameters
    ----------
    frames
        The structures.
    index
        Index of the frame.
    cutoff
        In Å.

    Returns
    -------
    most, share
        Largest number of images of one other atom that are neighbours of an atom, and the share of
        neighbours that are there more than once. Both are zero without neighbours.
    """
    first, second = pairs(frames, index, cutoff)[:2]
    other = first != second
    if not other.any():
        return 0, 0.0
    same = np.stack((first[other], second[other]))
    counts = np.unique(same, axis=1, return_counts=True)[1]
    return int(counts.max()), float(counts[counts > 1].sum() / counts.sum())


def own_images(frames: Frames, heights: FloatArray, cutoff: float) -> BoolArray:
    """Frames in which an atom has an image of itself within a cutoff, at a fixed distance.

    That is where a vector of the lattice is shorter than the cutoff. The height of a sheared cell
    may be below the cutoff without that.

    Parameters
    ----------
    frames
        The structures.
    heights
        Heights of their cells in Å, infinite where not periodic, shape ``(n_frames, 3)``.
    cutoff
        In Å.

    Returns
    -------
    :
        Shape ``(n_frames,)``.
    """
    found = np.zeros(len(frames), dtype=bool)
    narrow = np.flatnonzero((heights < cutoff).any(axis=1))
    if len(narrow) == 0:
        return found
    # The vector n1 a + n2 b + n3 c is at least |n1| times the first height long, and so on.
    most = np.minimum(cutoff // heights[narrow].min(axis=0), _MOST_REPEATS).astype(int)
    repeats = np.stack(
        np.meshgrid(*(np.arange(-n, n + 1) for n in most), indexing="ij"), axis=-1
    ).reshape(-1, 3)
    repeats = repeats[repeats.any(axis=1)]
    lengths = np.linalg.norm(repeats @ np.asarray(frames.cells)[narrow], axis=2)
    # Along a direction that is not periodic there are no images.
    real = (repeats[None] == 0) | np.asarray(frames.pbc)[narrow][:, None, :]
    found[narrow] = ((lengths < cutoff) & real.all(axis=2)).any(axis=1)
    return found


def _periodic_heights(frames: Frames) -> FloatArray:
    """Heights of each cell in Å, infinite where not periodic, shape ``(n_frames, 3)``."""
    from ase.geometry import complete_cell

    cells = np.array(frames.cells)
    pbc = np.asarray(frames.pbc)
    # A slab may come without a vector along its normal. A unit normal completes the cell, so that
    # the heights along the other two directions are defined.
    for index in np.flatnonzero((np.linalg.norm(cells, axis=2) == 0.0).any(axis=1)):
        cells[index] = complete_cell(cells[index])
    heights = np.full((len(frames), 3), np.inf)
    for axis in range(3):
        # The height V / |a x b|, not the length of the third vector, limits the cutoff in a
        # sheared cell.
        normal = np.cross(cells[:, (axis + 1) % 3], cells[:, (axis + 2) % 3])
        area = np.linalg.norm(normal, axis=1)
        distance = np.abs((normal * cells[:, axis]).sum(axis=1)) / np.where(area > 0, area, np.inf)
        heights[:, axis] = np.where(pbc[:, axis], distance, np.inf)
    return heights
