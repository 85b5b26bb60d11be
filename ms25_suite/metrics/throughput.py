"""The speed of molecular dynamics: from wall times of blocks of steps to a number with its spread.

One thousand atom-steps per second is one kAtoms/s: the unit of Maxson et al., JCIM 2025 (MS25),
Figure 7, which "account[s] for differences in the size of each system", and what LAMMPS prints
behind each run as ``katom-step/s``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.errors import CONFIDENCE

__all__ = [
    "NOISY",
    "N_BLOCKS",
    "PowerLaw",
    "Speed",
    "fit_memory",
    "fit_power_law",
    "katoms_per_s",
    "measured_speed",
    "median_interval",
]

NOISY: Final = 0.1
"""Relative spread from which on a timing is no number: pyperf calls a benchmark unstable where the
standard deviation is 10 % of the mean; here it is the interquartile range and the median, which
one interruption does not move."""

N_BLOCKS: Final = 9
"""Repeats of a timing. The second smallest and the second largest of nine are the 95 % interval of
their median; with fewer than nine a single interruption would be in it."""

MIN_SIZES: Final = 2
"""Sizes that a power law can be drawn through; its interval needs one more."""


def katoms_per_s(n_atoms: int, n_steps: int, seconds: float) -> float:
    """Thousands of atom-steps per second.

    Raises
    ------
    ValueError
        A number is not positive.
    """
    if not (n_atoms > 0 and n_steps > 0 and 0 < seconds < math.inf):
        msg = f"expected positive numbers, got {n_atoms} atoms, {n_steps} steps in {seconds} s"
        raise ValueError(msg)
    return n_atoms * n_steps / seconds / 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Speed:
    """How fast a system was integrated.

    Parameters
    ----------
    n_atoms, n_steps
        Atoms of the system, and steps of each block.
    blocks
        kAtoms/s of each block, shape ``(n_blocks,)``.
    median
        Their median.
    interval
        95 % interval of the median; None of fewer than six blocks.
    quartiles
        First and third quartile of the blocks: half of them lie between.
    """

    n_atoms: int
    n_steps: int
    blocks: FloatArray
    median: float
    interval: tuple[float, float] | None
    quartiles: tuple[float, float]

    @property
    def ms_per_step(self) -> float:
        """Median time of a step in ms."""
        # kAtoms/s are atom-steps per ms.
        return self.n_atoms / self.median

    @property
    def spread(self) -> float:
        """Interquartile range divided by the median."""
        low, high = self.quartiles
        return (high - low) / self.median

    @property
    def noise(self) -> str:
        """Why the blocks are no measurement; empty if they are one."""
        if self.spread < NOISY:
            return ""
        low, high = self.quartiles
        return (
            f"too noisy for a number: the middle half of {len(self.blocks)} blocks of "
            f"{self.n_steps} steps spans {low:.2g} to {high:.2g} kAtoms/s, "
            f"{100 * self.spread:.0f} % of their median (less than {100 * NOISY:.0f} % is needed). "
            "Let nothing else run, or take more steps: --throughput-steps"
        )


def measured_speed(n_atoms: int, n_steps: int, seconds: Sequence[float]) -> Speed:
    """Speed from the wall times of blocks.

    Parameters
    ----------
    n_atoms, n_steps
        Atoms, and steps of each block.
    seconds
        Wall time of each block.

    Raises
    ------
    ValueError
        There is no block, or a number is not positive.
    """
    if not seconds:
        msg = "expected the wall time of one block at least"
        raise ValueError(msg)
    blocks = np.array([katoms_per_s(n_atoms, n_steps, wall) for wall in seconds])
    low, median, high = (float(value) for value in np.percentile(blocks, [25, 50, 75]))
    return Speed(n_atoms, n_steps, blocks, median, median_interval(blocks), (low, high))


def median_interval(values: Sequence[float] | FloatArray) -> tuple[float, float] | None:
    """Interval of the median from the order of the values, whatever their distribution.

    Between the k-th smallest and the k-th largest of n values the median lies with a probability
    of ``1 - 2 P(Binomial(n, 1/2) < k)``; k is the largest that leaves 95 % or more.

    Returns
    -------
    :
        The interval; None of fewer than six values, of which even the extremes are not enough.

    References
    ----------
    W. J. Conover, Practical Nonparametric Statistics, 3rd ed., Wiley 1999, section 3.2.
    """
    from scipy.stats import binom

    n = len(values)
    rank = 0
    while 1 - 2 * binom.cdf(rank, n, 0.5) >= CONFIDENCE:
        rank += 1
    if rank == 0:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[rank - 1]), float(ordered[n - rank])


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``value = prefactor * n_atoms ** exponent``.

    Parameters
    ----------
    exponent
        1 if the cost is proportional to the number of atoms.
    interval
        95 % interval of the exponent, of the scatter around the line; None of two sizes.
    prefactor
        Value at one atom, in the unit of the values.
    """

    exponent: float
    interval: tuple[float, float] | None
    prefactor: float

    def at(self, n_atoms: float) -> float:
        """Value on the line."""
        return float(self.prefactor * n_atoms**self.exponent)


def fit_power_law(n_atoms: Sequence[int], values: Sequence[float]) -> PowerLaw | None:
    """Line of least squares through the logarithms.

    Parameters
    ----------
    n_atoms
        Sizes.
    values
        Times, memory, …, of these sizes.

    Returns
    -------
    :
        The law; None if there are fewer than two different sizes, or a value is not positive.
    """
    from scipy.stats import linregress, t

    if len(set(n_atoms)) < MIN_SIZES or min((*n_atoms, *values)) <= 0:
        return None
    fit = linregress(np.log(n_atoms), np.log(values))
    interval = None
    if len(set(n_atoms)) > MIN_SIZES:
        # Of equal values the scatter is said to be no number.
        scatter = float(np.nan_to_num(fit.stderr))
        half = float(t.ppf(0.5 + CONFIDENCE / 2, len(n_atoms) - 2)) * scatter
        interval = (float(fit.slope) - half, float(fit.slope) + half)
    return PowerLaw(float(fit.slope), interval, math.exp(float(fit.intercept)))


def fit_memory(n_atoms: Sequence[int], memory: Sequence[float]) -> tuple[float, float] | None:
    """Line through memory against atoms: what is there anyway, and what an atom adds.

    No power law: the framework alone takes some hundred MiB, whatever the size.

    Returns
    -------
    :
        Memory of no atoms, and of each atom, in the unit of ``memory``; None if there are fewer
        than two different sizes.
    """
    if len(set(n_atoms)) < MIN_SIZES:
        return None
    slope, intercept = np.polyfit(n_atoms, memory, 1)
    return float(intercept), float(slope)
