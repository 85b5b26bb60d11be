"""Speed of molecular dynamics: from wall times of blocks of steps to a number with an interval.

One thousand atom-steps per second is one kAtoms/s: the unit of Maxson et al., JCIM 2025 (MS25),
Figure 7, which "account[s] for differences in the size of each system". LAMMPS prints it after each
run as ``katom-step/s``.
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
"""Relative spread from which on a timing is rejected. pyperf calls a benchmark unstable if the
standard deviation is 10 % of the mean (https://pyperf.readthedocs.io); here it is the interquartile
range over the median, which a single interruption does not change."""

N_BLOCKS: Final = 9
"""Number of timed blocks. The 95 % interval of the median of nine values is from the second
smallest to the second largest; with fewer values it would include the extremes, and so any
interruption."""

MIN_SIZES: Final = 2
"""Fewest different sizes for a power law; its interval needs one more."""


def katoms_per_s(n_atoms: int, n_steps: int, seconds: float) -> float:
    """Thousands of atom-steps per second.

    Parameters
    ----------
    n_atoms, n_steps
        Number of atoms and of steps.
    seconds
        Wall time of these steps in seconds.

    Raises
    ------
    ValueError
        A number is not positive.

    Examples
    --------
    >>> katoms_per_s(1000, 50, 2.0)
    25.0
    """
    if not (n_atoms > 0 and n_steps > 0 and 0 < seconds < math.inf):
        msg = f"expected positive numbers, found {n_atoms} atoms and {n_steps} steps in {seconds} s"
        raise ValueError(msg)
    return n_atoms * n_steps / seconds / 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Speed:
    """Measured speed of a system.

    Parameters
    ----------
    n_atoms, n_steps
        Atoms of the system, and steps of each block.
    blocks
        kAtoms/s of each block, shape ``(n_blocks,)``.
    median
        Their median.
    interval
        95 % interval of the median; None for fewer than six blocks.
    quartiles
        First and third quartile of the blocks.
    """

    n_atoms: int
    n_steps: int
    blocks: FloatArray
    median: float
    interval: tuple[float, float] | None
    quartiles: tuple[float, float]

    @property
    def ms_per_step(self) -> float:
        """Median wall time of a step in ms."""
        # One kAtoms/s is one atom-step per ms.
        return self.n_atoms / self.median

    @property
    def spread(self) -> float:
        """Interquartile range divided by the median."""
        low, high = self.quartiles
        return (high - low) / self.median

    @property
    def noise(self) -> str:
        """Why the speed is rejected; empty if it is not."""
        if self.spread < NOISY:
            return ""
        low, high = self.quartiles
        return (
            f"too noisy for a number: the middle half of {len(self.blocks)} blocks of "
            f"{self.n_steps} steps spans {low:.2g} to {high:.2g} kAtoms/s, "
            f"{100 * self.spread:.0f} % of their median (less than {100 * NOISY:.0f} % is needed). "
            "Stop other programs, or use more steps: --throughput-steps"
        )


def measured_speed(n_atoms: int, n_steps: int, seconds: Sequence[float]) -> Speed:
    """Speed from the wall times of blocks.

    Parameters
    ----------
    n_atoms, n_steps
        Number of atoms, and of steps in each block.
    seconds
        Wall time of each block in seconds, at least one.

    Raises
    ------
    ValueError
        There is no block, or a number is not positive.
    """
    if not seconds:
        msg = "expected the wall time of at least one block, found none"
        raise ValueError(msg)
    blocks = np.array([katoms_per_s(n_atoms, n_steps, wall) for wall in seconds])
    # Median and quartiles: other programs only slow a block down, so the distribution is skewed.
    low, median, high = (float(value) for value in np.percentile(blocks, [25, 50, 75]))
    return Speed(n_atoms, n_steps, blocks, median, median_interval(blocks), (low, high))


def median_interval(values: Sequence[float] | FloatArray) -> tuple[float, float] | None:
    """Distribution-free 95 % interval of the median from order statistics.

    The median lies between the k-th smallest and the k-th largest of n values with a probability of
    ``1 - 2 P(Binomial(n, 1/2) < k)``; k is the largest for which this is 95 % or more.

    Parameters
    ----------
    values
        Independent values, shape ``(n,)``.

    Returns
    -------
    :
        The interval in the unit of the values; None for fewer than six values, whose extremes do
        not enclose 95 %.

    References
    ----------
    W. J. Conover, Practical Nonparametric Statistics, 3rd ed., Wiley 1999, section 3.2.

    Examples
    --------
    >>> median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 99.0])
    (2.0, 8.0)
    >>> median_interval([1.0, 2.0, 3.0]) is None
    True
    """
    from scipy.stats import binom

    n = len(values)
    rank = 0
    # The number of values below the median is binomial with p = 1/2, for any distribution.
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
        95 % interval of the exponent from the scatter around the line; None for two sizes.
    prefactor
        Value for one atom, in the unit of the fitted values.
    """

    exponent: float
    interval: tuple[float, float] | None
    prefactor: float

    def at(self, n_atoms: float) -> float:
        """Value of the power law for a number of atoms."""
        return float(self.prefactor * n_atoms**self.exponent)


def fit_power_law(n_atoms: Sequence[int], values: Sequence[float]) -> PowerLaw | None:
    """Fit a power law: the least-squares line through the logarithms.

    Parameters
    ----------
    n_atoms
        Numbers of atoms, shape ``(n,)``.
    values
        Times or other positive values for these sizes, shape ``(n,)``.

    Returns
    -------
    :
        The power law; None if there are fewer than two different sizes, or a value is not positive.

    Examples
    --------
    >>> law = fit_power_law([100, 200, 400], [0.5, 1.0, 2.0])
    >>> round(law.exponent, 6), round(law.at(800), 6)
    (1.0, 4.0)
    """
    from scipy.stats import linregress, t

    if len(set(n_atoms)) < MIN_SIZES or min((*n_atoms, *values)) <= 0:
        return None
    # Logarithms: relative errors count the same for small and large systems.
    fit = linregress(np.log(n_atoms), np.log(values))
    interval = None
    if len(set(n_atoms)) > MIN_SIZES:
        # SciPy returns NaN as the error of a line through equal values, which have no scatter.
        scatter = float(np.nan_to_num(fit.stderr))
        half = float(t.ppf(0.5 + CONFIDENCE / 2, len(n_atoms) - 2)) * scatter
        interval = (float(fit.slope) - half, float(fit.slope) + half)
    return PowerLaw(float(fit.slope), interval, math.exp(float(fit.intercept)))


def fit_memory(n_atoms: Sequence[int], memory: Sequence[float]) -> tuple[float, float] | None:
    """Fit a line to memory against the number of atoms.

    A line and not a power law, because the framework takes some hundred MiB at any size.

    Parameters
    ----------
    n_atoms
        Numbers of atoms, shape ``(n,)``.
    memory
        Peak memory for these sizes in any unit, shape ``(n,)``.

    Returns
    -------
    :
        Memory without atoms, and additional memory per atom, in the unit of ``memory``; None if
        there are fewer than two different sizes.

    Examples
    --------
    >>> base, per_atom = fit_memory([100, 200], [510.0, 520.0])
    >>> round(base, 6), round(per_atom, 6)
    (500.0, 0.1)
    """
    if len(set(n_atoms)) < MIN_SIZES:
        return None
    slope, intercept = np.polyfit(n_atoms, memory, 1)
    return float(intercept), float(slope)
