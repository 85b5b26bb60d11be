"""Edges of frames, found on a device.

In a small frame every pair of atoms is tried, with all images that may be within the cutoff. For
some hundred atoms that is less work than the model, and a GPU does it for many frames at a time
while the host would still be at the first one. Larger frames are cut into linked cells
(`ms25_suite.architectures.torch_cells`), one frame after the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.architectures.torch_cells import bins_of, pairs_by_cells
from ms25_suite.architectures.torch_packed import Packed
from ms25_suite.core.frames import BoolArray, Frames, IntArray
from ms25_suite.potentials.batching.images import images_in_reach

if TYPE_CHECKING:
    import torch

__all__ = ["both_directions", "edges_on_device", "is_for_device", "is_upper"]

MOST_CANDIDATES: Final = 3000
"""Atoms and images with which an atom is tried at most: 0.2 µs of an H100, by its memory
bandwidth, where a model takes 1 µs or more for an atom."""

_AT_ONCE: Final = 2_097_152
"""Candidates that are tried at a time; each takes about 100 bytes."""

Pairs = tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]


def is_for_device(frames: Frames, cutoff: float) -> BoolArray:
    """Frames whose edges a device finds with less work than the model, shape ``(n_frames,)``.

    All but large ones whose cell is narrower than the cutoff.

    Parameters
    ----------
    frames
        Frames.
    cutoff
        Longest edge in Å.
    """
    _, images = images_in_reach(frames, cutoff)
    # Up to two images reach across one cell.
    return np.asarray(_is_small(frames, images) | (images <= 2).all(axis=1), dtype=np.bool_)


def _is_small(frames: Frames, images: IntArray) -> BoolArray:
    return np.asarray(frames.n_atoms * images.prod(axis=1) <= MOST_CANDIDATES, dtype=np.bool_)


def edges_on_device(frames: Frames, cutoff: float, device: torch.device, *, pinned: bool) -> Pairs:
    """Edges of frames that `is_for_device` accepts.

    Parameters
    ----------
    frames
        The frames.
    cutoff
        Longest edge in Å.
    device
        Where to find them.
    pinned
        Whether the host's memory is pinned for the copy.

    Returns
    -------
    :
        Senders i and receivers j, numbered over all frames, int64, shape ``(n_edges,)``, and
        ``D = r_j - r_i`` in Å with the periodic shift included, shape ``(n_edges, 3)``. After each
        edge comes the same one reversed. Edges of a frame lie together, in the order of the frames.
    """
    import torch

    cells, images = images_in_reach(frames, cutoff)
    sizes, small = frames.n_atoms, _is_small(frames, images)
    arrays = {
        "positions": np.asarray(frames.positions, dtype=np.float64),
        "cells": cells,
        "inverse": np.linalg.inv(cells),
        "periodic": np.asarray(frames.pbc, dtype=np.float64),
        "first": np.asarray(frames.offsets[:-1], dtype=np.int64),
        "sizes": np.asarray(sizes, dtype=np.int64),
    }
    packed = Packed(arrays)
    data = packed.tensors(packed.host(pinned=pinned).to(device, non_blocking=True))
    parts: list[Pairs] = []
    for start, stop in _blocks(sizes, images, small):
        if not small[start]:
            atoms = frames.atoms_of(start)
            bins = bins_of(frames.positions[atoms], cells[start], frames.pbc[start], cutoff)
            if bins is None:
                msg = f"a frame of {sizes[start]} atoms in a cell too narrow for linked cells"
                raise ValueError(msg)
            i, j, apart = pairs_by_cells(data["positions"][atoms], bins, cutoff)
            parts.append((i + atoms.start, j + atoms.start, apart))
            continue
        around = images[start:stop].max(axis=0)
        shifts = np.array(list(itertools.product(*map(_turns, around.tolist()))))
        moved = torch.from_numpy(shifts).to(device, non_blocking=True)
        block = {name: found[start:stop] for name, found in data.items() if name != "positions"}
        width = int(sizes[start:stop].max())
        parts.append(_of_block(data["positions"], block, moved, width, cutoff))
    return both_directions(*(torch.cat(found) for found in zip(*parts, strict=True)))


def _blocks(sizes: IntArray, images: IntArray, small: BoolArray) -> Iterator[tuple[int, int]]:
    """First and last frame of each block: large frames alone, others side by side.

    A block is as wide as its largest frame, and has the shifts of all of its frames.
    """
    # Plain numbers: there are thousands of frames, and NumPy takes microseconds for each.
    rows = list(zip(sizes.tolist(), images.tolist(), small.tolist(), strict=True))
    start, width, around = 0, 0, (1, 1, 1)
    for index, (size, (a, b, c), is_small) in enumerate(rows):
        wider = max(width, size)
        further = max(around[0], a), max(around[1], b), max(around[2], c)
        load = (index + 1 - start) * wider**2 // 2 * further[0] * further[1] * further[2]
        if index > start and not (is_small and rows[start][2] and load <= _AT_ONCE):
            yield start, index
            start, wider, further = index, size, (a, b, c)
        width, around = wider, further
    if rows:
        yield start, len(rows)


def both_directions(first: torch.Tensor, second: torch.Tensor, vectors: torch.Tensor) -> Pairs:
    """Two edges of each pair, one after the other: from the first atom and from the second.

    Parameters
    ----------
    first, second
        Atoms of each pair, shape ``(n_pairs,)``.
    vectors
        From the first one to the second one in Å, shape ``(n_pairs, 3)``.
    """
    import torch

    return (
        torch.stack([first, second], dim=1).flatten(),
        torch.stack([second, first], dim=1).flatten(),
        # D_ji = -D_ij
        torch.stack([vectors, -vectors], dim=1).flatten(0, 1),
    )


def _turns(n: int) -> list[float]:
    """Steps from the nearest image to the n nearest ones, if the atom lies on the positive side.

    Examples
    --------
    >>> _turns(4)
    [0.0, -1.0, 1.0, -2.0]
    """
    return [float(-((index + 1) // 2) if index % 2 else index // 2) for index in range(n)]


def _of_block(
    positions: torch.Tensor,
    block: dict[str, torch.Tensor],
    shifts: torch.Tensor,
    width: int,
    cutoff: float,
) -> Pairs:
    """Pairs in frames of at most ``width`` atoms, by trying all of them with all shifts."""
    import torch

    # An atom is no neighbour of itself, but may be one of its images.
    several = len(shifts) > 1
    one, other = torch.triu_indices(width, width, int(not several), device=positions.device)
    columns = torch.arange(width, device=positions.device)
    # Places that no atom takes hold any atom, and are left out below.
    atoms = (block["first"][:, None] + columns).clamp(max=len(positions) - 1)
    there = positions[atoms]
    apart = there.index_select(1, other) - there.index_select(1, one)
    # To the nearest image along each cell vector; what does not repeat stays where it is.
    between = apart @ block["inverse"]
    steps = torch.round(between).mul_(-block["periodic"][:, None, :])[:, :, None, :]
    if several:
        # The second nearest one is on the other side.
        side = torch.where(between[:, :, None, :] + steps < 0, -1.0, 1.0).to(between.dtype)
        steps = steps + side * shifts
    shape = (*steps.shape[:2], len(shifts), 3)
    # Differences of positions, and not of scaled ones, so that no digit is lost.
    apart = apart[:, :, None, :] + (steps.reshape(shape[0], -1, 3) @ block["cells"]).reshape(shape)
    near = apart.square().sum(dim=-1) <= cutoff**2
    # The second atom of a pair has the higher place.
    near &= (other < block["sizes"][:, None])[:, :, None]
    if several:
        # The block has the shifts of all of its frames, also along what does not repeat in some.
        repeats = ((shifts == 0) | (block["periodic"][:, None, :] > 0)).all(dim=-1)
        near &= repeats[:, None, :]
        # Of an atom's images at opposite sides one is taken.
        near &= (one != other)[None, :, None] | is_upper(steps)
    frame, pair, image = near.nonzero(as_tuple=True)
    return atoms[frame, one[pair]], atoms[frame, other[pair]], apart[frame, pair, image]


def is_upper(vectors: torch.Tensor, least: float = 0.0) -> torch.Tensor:
    """Whether vectors are in the upper half space: of each one and its opposite, one is.

    Parameters
    ----------
    vectors
        Vectors, shape ``(…, 3)``.
    least
        Components up to this size are as good as zero.
    """
    x, y, z = vectors.unbind(dim=-1)
    return (x > least) | ((x.abs() <= least) & ((y > least) | ((y.abs() <= least) & (z > least))))
