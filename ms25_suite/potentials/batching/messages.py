"""Which frames go to a worker as one message."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ms25_suite.core.frames import IntArray
from ms25_suite.potentials.batching.graphs import batches
from ms25_suite.potentials.batching.limits import BATCH_ATOMS

__all__ = ["Span", "device_messages", "host_messages", "single_messages"]

Span = tuple[int, int]
"""First frame, and the one after the last."""

HOST_BATCHES: Final = 8
"""Most batches in a message to a CPU: the graph of the first one is not built ahead, those of the
others are."""

DEVICE_ATOMS: Final = 393_216
"""Most atoms in a message to a GPU: seconds of work for most models, and 15 MB. The next
message travels meanwhile."""

_TURNS: Final = 4
"""Messages for each of several workers, so that none is idle for long at the end."""


def single_messages(n_atoms: IntArray, batch_atoms: int | None) -> list[Span]:
    """One batch a message, for potentials that say nothing until a message is done."""
    limit = BATCH_ATOMS if batch_atoms is None else batch_atoms
    return [(int(part[0]), int(part[-1]) + 1) for part in batches(n_atoms, limit)]


def host_messages(
    n_atoms: IntArray, cuts: Sequence[int], batch_atoms: int | None, n_workers: int
) -> list[Span]:
    """Several whole batches a message, of one block each.

    Parameters
    ----------
    n_atoms
        Number of atoms of each frame, shape ``(n_frames,)``.
    cuts
        Where the blocks begin, and the number of frames.
    batch_atoms
        Most atoms in a batch.
    n_workers
        Number of workers.

    Examples
    --------
    >>> host_messages(np.full(8, 100), [0, 5, 8], 200, 1)
    [(0, 2), (2, 4), (4, 5), (5, 7), (7, 8)]
    """
    found: list[Span] = []
    for first, last in itertools.pairwise(cuts):
        spans = single_messages(n_atoms[first:last], batch_atoms)
        found += [(first + start, first + stop) for start, stop in spans]
    # A worker cuts its frames into batches from the first one on, and so meets the same batches.
    size = min(HOST_BATCHES, len(found) // (_TURNS * n_workers))
    joined: list[Span] = []
    count = 0
    for start, stop in found:
        if joined and count < size and start not in cuts:
            joined[-1] = (joined[-1][0], stop)
            count += 1
        else:
            joined.append((start, stop))
            count = 1
    return joined


def device_messages(n_atoms: IntArray, cuts: Sequence[int], n_workers: int) -> list[Span]:
    """As much as a GPU computes in some seconds a message, in whole blocks.

    Parameters
    ----------
    n_atoms
        Number of atoms of each frame, shape ``(n_frames,)``.
    cuts
        Where the blocks begin, and the number of frames.
    n_workers
        Number of workers.
    """
    sizes = np.array([int(n_atoms[a:b].sum()) for a, b in itertools.pairwise(cuts)])
    total = int(sizes.sum())
    if n_workers == 1:
        # Of equal size: at the end of each the device is idle for a moment, also of a small one.
        share = math.ceil(total / math.ceil(total / DEVICE_ATOMS)) + int(sizes.max())
    else:
        share = total // (_TURNS * n_workers)
    groups = batches(sizes, max(1, min(DEVICE_ATOMS, share)))
    return [(cuts[int(group[0])], cuts[int(group[-1]) + 1]) for group in groups]
