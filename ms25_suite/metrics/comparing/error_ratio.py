"""Ratio of the errors on other frames to those on the frames of a potential's own dataset."""

from __future__ import annotations

from typing import Final

from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic, ratio_ends

__all__ = ["NOISE", "error_ratio"]

NOISE: Final = 1e-6
"""Errors below this (eV/atom, eV/Å or eV/Å^3) are rounding: files store 6 to 8 decimals."""


def error_ratio(own: ErrorSummary, other: ErrorSummary) -> Statistic | None:
    """Ratio of two mean absolute errors of one potential.

    The two are of different frames, hence independent: the interval is that of
    `ms25_suite.metrics.intervals.ratio_ends`.

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
    """
    below, above = own.mae, other.mae
    if min(below.value, above.value) < NOISE:
        return None
    sides = [side.independent for side in (below, above) if side.independent is not None]
    # The weaker side decides how well a ratio is known.
    independent = min(sides, default=None)
    doubt = "; ".join(dict.fromkeys(filter(None, (above.doubt, below.doubt))))
    if below.interval is None or above.interval is None:
        return Statistic(above.value / below.value, None, independent, doubt)
    ends = ratio_ends((above.value, *above.interval), (below.value, *below.interval))
    ratio, low, high = (float(end) for end in ends)
    return Statistic(ratio, (low, high), independent, doubt)
