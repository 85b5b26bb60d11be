"""Ratio of the errors on other frames to those on the frames of a potential's own dataset."""

from __future__ import annotations

import math
from typing import Final

from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic

__all__ = ["NOISE", "error_ratio"]

NOISE: Final = 1e-6
"""Errors below this (eV/atom, eV/Å or eV/Å^3) are rounding: files store 6 to 8 decimals."""


def error_ratio(own: ErrorSummary, other: ErrorSummary) -> Statistic | None:
    """Ratio of two mean absolute errors of one potential.

    The two are of different frames, hence independent. The interval of the logarithm of the ratio
    is made of those of both errors: on each side, the distances of the ends from the values are
    added in quadrature. That keeps their asymmetry, and holds where they hold (Zou and Donner).

    Parameters
    ----------
    own, other
        Errors of the same quantity on the potential's own frames, and on other frames.

    Returns
    -------
    :
        ``other / own`` with its 95 % interval, which is None if either side is a single frame or
        trajectory. None instead of both if an error is rounding noise (below 1e-6), whose ratio is
        meaningless.

    References
    ----------
    G. Y. Zou and A. Donner, Stat. Med. 27, 1693 (2008), doi:10.1002/sim.3095.
    """
    below, above = own.mae, other.mae
    if min(below.value, above.value) < NOISE:
        return None
    ratio = above.value / below.value
    sides = [side.independent for side in (below, above) if side.independent is not None]
    # The weaker side decides how well a ratio is known.
    independent = min(sides, default=None)
    doubt = "; ".join(dict.fromkeys(filter(None, (above.doubt, below.doubt))))
    if below.interval is None or above.interval is None:
        return Statistic(ratio, None, independent, doubt)
    (own_low, own_high), (other_low, other_high) = below.interval, above.interval
    down = math.hypot(math.log(above.value / other_low), math.log(own_high / below.value))
    up = math.hypot(math.log(other_high / above.value), math.log(below.value / own_low))
    return Statistic(ratio, (ratio * math.exp(-down), ratio * math.exp(up)), independent, doubt)
