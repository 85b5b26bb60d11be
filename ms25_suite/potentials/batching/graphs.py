"""Graphs of batches: made of frames, cut into parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ms25_suite.core.frames import Frames, IntArray
from ms25_suite.core.geometry.neighbours import Neighbours
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.neighbours import neighbours

__all__ = ["batches", "build_graph", "frame_edges", "join_edges"]


def frame_edges(
    frames: Frames, index: int, cutoff: float, *, threads: int | None = None
) -> Neighbours:
    """Edges of one frame, with atoms numbered inside the frame.

    Parameters
    ----------
    frames
        Frames.
    index
        Which one.
    cutoff
        Longest edge in Å.
    threads
        Threads for one frame; None: as the environment states.
    """
    atoms = frames.atoms_of(index)
    return neighbours(
        frames.positions[atoms], frames.cells[index], frames.pbc[index], cutoff, threads=threads
    )


def join_edges(frames: Frames, edges: Sequence[Neighbours]) -> Graph:
    """Graph of frames whose edges are known, from `frame_edges`."""
    starts = frames.offsets[:-1].tolist()
    return Graph(
        numbers=np.asarray(frames.numbers, dtype=np.int64),
        # Numbers of atoms in the whole batch: no edge joins two frames.
        senders=np.concatenate([i + at for (i, _, _), at in zip(edges, starts, strict=True)]),
        receivers=np.concatenate([j + at for (_, j, _), at in zip(edges, starts, strict=True)]),
        vectors=np.concatenate([vectors for _, _, vectors in edges]),
        graph_of_atom=frames.frame_of_atom,
        n_graphs=len(frames),
        inputs=frames.inputs,
    )


def build_graph(frames: Frames, cutoff: float) -> Graph:
    """Graph with the edges of all frames that are within the cutoff.

    Parameters
    ----------
    frames
        Frames of any size and periodicity; cells may be smaller than the cutoff.
    cutoff
        Longest edge in Å.
    """
    return join_edges(frames, [frame_edges(frames, k, cutoff) for k in range(len(frames))])


def batches(n_atoms: IntArray, limit: int) -> Iterator[IntArray]:
    """Split frames into consecutive batches of at most ``limit`` atoms, but at least one frame.

    Parameters
    ----------
    n_atoms
        Number of atoms of each frame, shape ``(n_frames,)``.
    limit
        Most atoms in a batch.

    Yields
    ------
    :
        Frame indices of a batch.

    Examples
    --------
    >>> [batch.tolist() for batch in batches(np.array([2, 3, 9, 1]), 5)]
    [[0, 1], [2], [3]]
    """
    start, total = 0, 0
    for index, n in enumerate(n_atoms):
        # Memory grows with atoms (and edges), not with frames: batches are cut by atoms.
        if index > start and total + n > limit:
            yield np.arange(start, index)
            start, total = index, 0
        total += int(n)
    if start < len(n_atoms):
        yield np.arange(start, len(n_atoms))
