"""Committees whose spread and error are known, as arrays."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ms25_suite.metrics.committee.spread import Spread, committee_spread

Kind = Literal["calibrated", "over-confident", "unrelated", "blind"]

Array = np.ndarray[Any, Any]


def draws(
    kind: Kind = "calibrated",
    *,
    n_members: int = 4,
    n_frames: int = 60,
    n_atoms: int = 20,
    width: int = 3,
    vary: float = 0.6,
    seed: int = 0,
) -> tuple[Array, Array, Array]:
    """Predictions of all members, reference, and the frame of each item.

    Truth and members are draws from normal distributions around zero, whose widths vary between
    items by ``exp(vary)``. An over-confident committee has a fifth of that spread, the spread of an
    unrelated one belongs to other items, and a blind one has the same spread everywhere.
    """
    rng = np.random.default_rng(seed)
    n = n_frames * n_atoms
    widths = 0.05 * np.exp(vary * rng.normal(size=(n, 1)))
    reference = widths * rng.normal(size=(n, width))
    own = {"over-confident": widths / 5, "unrelated": rng.permutation(widths), "blind": 0.05}
    predicted = own.get(kind, widths) * rng.normal(size=(n_members, n, width))
    return predicted, reference, np.repeat(np.arange(n_frames), n_atoms)


def committee(kind: Kind = "calibrated", **sizes: Any) -> Spread:
    """Spread of such a committee."""
    return committee_spread(*draws(kind, **sizes))
