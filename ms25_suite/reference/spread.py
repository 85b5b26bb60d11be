"""How a sampling is spread over conditions, trajectories and time steps."""

from __future__ import annotations

import math

import numpy as np

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import FloatArray

__all__ = ["even_values", "n_steps", "refuse_numbers", "shares"]


def even_values(low: float, high: float, number: int, rng: np.random.Generator) -> FloatArray:
    """Spread values evenly over a range, in random order.

    The range is cut into ``number`` equal parts; the values are the middles of these parts. The
    random order makes any first part of a dataset cover the range, too.

    Parameters
    ----------
    low, high
        Ends of the range.
    number
        Number of values.
    rng
        Source of the order.

    Returns
    -------
    :
        Shape ``(number,)``, in the unit of the range.
    """
    # Stratified, not random: few trajectories cover the range without gaps.
    middles = (np.arange(number) + 0.5) / number
    return np.asarray(rng.permutation(low + (high - low) * middles), dtype=np.float64)


def shares(n_frames: int, frames_per_trajectory: int) -> list[int]:
    """Distribute frames over as few trajectories as possible; their numbers differ by at most 1."""
    n_trajectories = -(-n_frames // frames_per_trajectory)
    rest = n_frames % n_trajectories
    return [n_frames // n_trajectories + (index < rest) for index in range(n_trajectories)]


def n_steps(duration: float, timestep: float) -> int:
    """Smallest number of time steps that lasts at least as long; both times in the same unit."""
    # 1e-9: rounding errors must not turn a whole number of steps into one more.
    return math.ceil(duration / timestep - 1e-9)


def refuse_numbers(**numbers: int | None) -> None:
    """Refuse numbers below 1; None stands for a default.

    Raises
    ------
    UsageError
        One of them is below 1; the message states its name.
    """
    for name, number in numbers.items():
        if number is not None and number < 1:
            msg = f"expected `{name}` to be at least 1, found {number}"
            raise UsageError(msg)
