"""Whether the spread of a committee is as large as its error.

For draws from a normal distribution, the error of the mean divided by the spread of ``M`` members
follows Student's t: of few members the spread itself is uncertain, and intervals of a normal
distribution would hold too rarely for a committee that is right. The three components of a force
share their spread, which gives it ``3 (M - 1)`` degrees of freedom.

References
----------
G. J. Hahn and W. Q. Meeker, Statistical Intervals (1991), chapter 4 (a further draw, in units of
the spread of a sample); V. Kuleshov, N. Fenner and S. Ermon, ICML 2018, PMLR 80, 2796 (reliability
curve of a regression); P. Pernot, J. Chem. Phys. 156, 114109 (2022), doi:10.1063/5.0084302
(calibration and tightness are different things); B. Lakshminarayanan, A. Pritzel and C. Blundell,
NeurIPS 2017 (negative log likelihood of committees); G. Imbalzano et al., J. Chem. Phys. 154,
074102 (2021), doi:10.1063/5.0036522 (spread and error of potentials, and the factor between them).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.metrics.committee.spread import Spread, mean_over_items, root
from ms25_suite.metrics.intervals import Statistic

__all__ = ["LEVELS", "bins", "coverage", "likelihood_gain", "overconfidence", "reliability"]

LEVELS: Final = tuple(round(0.05 * k, 2) for k in range(1, 20))
"""Levels of the reliability curve."""

_SMALLEST: Final = 1e-9
"""Least spread of an item, in root mean square spreads: exact agreement has no logarithm."""


def overconfidence(spread: Spread) -> Statistic:
    """Root mean square error of the mean over the one that the spread lets expect.

    1 for a committee that is calibrated on average, more for one that is over-confident.

    Raises
    ------
    ValueError
        All members agree everywhere.
    """
    expected = spread.expected**2
    if not expected.any():
        msg = "the members agree everywhere, so that there is no spread"
        raise ValueError(msg)
    return root(mean_over_items(spread, spread.size**2, expected))


def reliability(spread: Spread) -> FloatArray:
    """Part of the components whose error is within the interval of each of `LEVELS`.

    Returns
    -------
    :
        Shape ``(n_levels,)``; for a calibrated committee the levels themselves.
    """
    return np.array([coverage(spread, level).value for level in LEVELS])


def coverage(spread: Spread, level: float) -> Statistic:
    """Part of the components whose error is within the interval of a level, such as 0.95."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(spread.degrees, 0.5 * (1 + level)))
    inside = np.abs(spread.errors) <= quantile * spread.expected[:, None]
    return mean_over_items(spread, inside.mean(axis=1), ends=(0.0, 1.0))


def likelihood_gain(spread: Spread) -> Statistic:
    """Log likelihood of the errors by the spread, beyond that by one constant, per component.

    The constant is the best one for these errors, their root mean square, which nobody knows
    before. In nats: positive if the spread says more about the errors than any constant.
    """
    from scipy.special import gammaln

    expected, nu = spread.expected, spread.degrees
    scale = np.maximum(expected, _SMALLEST * math.sqrt(np.mean(expected**2)))[:, None]
    normal = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * math.log(nu * math.pi)
    own = normal - np.log(scale) - (nu + 1) / 2 * np.log1p((spread.errors / scale) ** 2 / nu)
    square = np.mean(spread.errors**2)
    constant = -0.5 * (math.log(2 * math.pi * square) + spread.errors**2 / square)
    return mean_over_items(spread, np.mean(own - constant, axis=1))


def bins(spread: Spread, count: int = 10) -> tuple[FloatArray, FloatArray]:
    """Root mean square of expected error and of error, from the smallest spreads to the largest.

    Parameters
    ----------
    spread
        The committee.
    count
        Number of bins, of equally many items; fewer if there would be less than five in one.

    Returns
    -------
    expected, found
        Each of shape ``(n_bins,)``.
    """
    order = np.argsort(spread.expected, kind="stable")
    parts = np.array_split(order, max(min(count, spread.n_items // 5), 1))
    expected, size = spread.expected**2, spread.size**2
    return (
        np.sqrt([expected[part].mean() for part in parts]),
        np.sqrt([size[part].mean() for part in parts]),
    )
