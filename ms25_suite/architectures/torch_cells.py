"""Pairs of one large frame, found on a device by linked cells.

Atoms are sorted into bins that are at least as wide as the cutoff, so that each one is tried only
with those of its own bin and of the 26 around it; and each pair once, from one of its atoms.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.frames import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import torch

__all__ = ["Bins", "bins_of", "pairs_by_cells"]

_AT_ONCE: Final = 2_097_152
"""Candidates that are tried at a time; each takes about 200 bytes."""

_BINS_PER_ATOM: Final = 4
"""Most bins for each atom: in a sparse frame they are made wider."""

_AROUND: Final = tuple(
    step for step in itertools.product((-1, 0, 1), repeat=3) if step >= (0, 0, 0)
)
"""A bin, and half of those around it: the others try the same pairs from their side."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """How a frame is cut into bins.

    Parameters
    ----------
    cell, inverse
        Cell vectors in Å as rows, and the inverse of the matrix, shape ``(3, 3)``.
    pbc
        Periodicity along each vector, shape ``(3,)``.
    numbers
        Bins along each vector, shape ``(3,)``.
    low, width
        Where the bins begin, and how far they reach altogether, in units of the vectors, shape
        ``(3,)``; 0 and 1 along periodic ones.
    """

    cell: FloatArray
    inverse: FloatArray
    pbc: BoolArray
    numbers: IntArray
    low: FloatArray
    width: FloatArray


def bins_of(positions: FloatArray, cell: FloatArray, pbc: BoolArray, cutoff: float) -> Bins | None:
    """Bins of a frame; None if an atom may have several images of another one in one direction.

    Parameters
    ----------
    positions
        Positions in Å, shape ``(n_atoms, 3)``.
    cell
        Complete cell vectors in Å as rows, shape ``(3, 3)``.
    pbc
        Periodicity along each cell vector, shape ``(3,)``.
    cutoff
        Longest edge in Å.
    """
    inverse = np.linalg.inv(cell)
    # The cutoff in units of the distance between opposite faces.
    reach = cutoff * np.linalg.norm(inverse, axis=0)
    if (reach[pbc] > 1.0).any():
        # A bin is at most the cell: images beyond the next one would be missed.
        return None
    low, width = np.zeros(3), np.ones(3)
    if not pbc.all():
        scaled = positions @ inverse
        low = np.where(pbc, 0.0, scaled.min(axis=0))
        # Not zero, for atoms in one plane.
        width = np.where(pbc, width, np.maximum(np.ptp(scaled, axis=0), reach))
    numbers = np.maximum(np.floor(width / reach), 1.0)
    most = _BINS_PER_ATOM * len(positions) + 27
    while numbers.prod() > most:
        numbers[numbers.argmax()] = np.ceil(numbers.max() / 2)
    return Bins(
        cell=cell,
        inverse=np.asarray(inverse, dtype=np.float64),
        pbc=np.asarray(pbc),
        numbers=numbers.astype(np.int64),
        low=np.asarray(low, dtype=np.float64),
        width=np.asarray(width, dtype=np.float64),
    )


def pairs_by_cells(
    positions: torch.Tensor, bins: Bins, cutoff: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of atoms of one frame, also of an atom with its own image, each once.

    Parameters
    ----------
    positions
        Positions in Å on the device, shape ``(n_atoms, 3)``.
    bins
        Its bins.
    cutoff
        Longest distance in Å.

    Returns
    -------
    :
        First atoms i and second atoms j, int64, shape ``(n_pairs,)``, and ``D = r_j - r_i`` in Å
        with the periodic shift included, shape ``(n_pairs, 3)``.
    """
    import torch

    def there(values: object) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(positions.device)

    cell, numbers, periodic = there(bins.cell), there(bins.numbers), there(bins.pbc)
    scaled = positions @ there(bins.inverse)
    # Whole cells between an atom and its image in the cell.
    turns = torch.floor(scaled) * periodic
    inside = (scaled - turns - there(bins.low)) / there(bins.width)
    place = torch.floor(inside * numbers).long()
    # Rounding may put an atom at a face, or an outermost one, into a bin that is not there.
    place = torch.minimum(place.clamp(min=0), numbers - 1)
    table = _table(_flat(place, numbers), int(bins.numbers.prod()))
    around = torch.tensor(_AROUND, device=positions.device)
    rows_at_once = max(1, _AT_ONCE // (len(_AROUND) * table.shape[1]))
    parts = []
    for start in range(0, len(positions), rows_at_once):
        rows = slice(start, start + rows_at_once)
        bin_there = place[rows, None, :] + around
        # Beyond a periodic face the bins begin anew, one cell further; beyond others is nothing.
        over = torch.div(bin_there, numbers, rounding_mode="floor")
        is_there = ((over == 0) | periodic).all(dim=-1)
        flat = torch.where(is_there, _flat(bin_there - over * numbers, numbers), 0)
        other = table[flat]
        step = over.double()[:, :, None, :] - turns[other] + turns[rows, None, None, :]
        apart = positions[other] - positions[rows, None, None, :] + step @ cell
        near = apart.square().sum(dim=-1) <= cutoff**2
        near &= (other >= 0) & is_there[:, :, None]
        # Within a bin, the first in `_AROUND`, each atom is tried with those of higher number.
        itself = torch.arange(start, start + len(other), device=other.device)
        near[:, 0] &= other[:, 0] > itself[:, None]
        found = near.nonzero(as_tuple=True)
        parts.append((found[0] + start, other[found], apart[found]))
    first, second, vectors = (torch.cat(part) for part in zip(*parts, strict=True))
    return first, second, vectors


def _flat(place: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Number of a bin among all bins."""
    flat: torch.Tensor = (place[..., 0] * numbers[1] + place[..., 1]) * numbers[2] + place[..., 2]
    return flat


def _table(flat: torch.Tensor, n_bins: int) -> torch.Tensor:
    """Atoms of each bin, -1 where there is none, shape ``(n_bins, most atoms in a bin)``."""
    import torch

    counts = torch.zeros(n_bins, dtype=torch.int64, device=flat.device)
    counts.index_add_(0, flat, torch.ones_like(flat))
    in_order, atoms = torch.sort(flat, stable=True)
    # Place of an atom in its bin: its place among all minus the atoms of the bins before.
    before = counts.cumsum(0) - counts
    column = torch.arange(len(flat), device=flat.device) - before[in_order]
    table = torch.full((n_bins, int(counts.max())), -1, device=flat.device)
    table[in_order, column] = atoms
    return table
