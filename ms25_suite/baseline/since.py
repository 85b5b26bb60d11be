"""A number compared with an accepted one: the difference, its interval, and a verdict."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ms25_suite.baseline.document import Entry
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.metrics.comparing.paired import MIN_PAIRS, paired_difference

__all__ = ["EQUAL", "change_of"]

EQUAL: Final = 1e-6
"""Relative difference below which two numbers are one: the order of sums, and of threads."""


def change_of(
    before: Entry,
    now: Entry,
    allowance: float,
    samples: tuple[FrameSample | None, FrameSample | None] = (None, None),
) -> Change:
    """Compare a number with an accepted one.

    Where the errors of the single frames are known and the frames are the same, their differences
    are averaged: what makes a frame difficult is the same in both and cancels. Else the intervals
    of both numbers are added in quadrature, as if they were independent (G. Y. Zou and A. Donner,
    Stat. Med. 27, 1693 (2008), doi:10.1002/sim.3095), which is too wide rather than too narrow. A
    number without an interval is compared as it is.

    Parameters
    ----------
    before, now
        The accepted number, and the other one.
    allowance
        Difference to the worse that is no regression, not negative, in their unit.
    samples
        Errors of the single frames then and now.

    Returns
    -------
    :
        ``worse`` if the whole interval is above the allowance, ``better`` if it is as far on the
        other side, ``same`` if its upper end is within the allowance, else ``undecided``.
    """
    pairs = _paired(*samples)
    ends: tuple[float, float] | None
    if pairs is not None:
        difference, ends = pairs
    else:
        difference, ends = now.value - before.value, _unpaired(before, now)
    worse, (low, high) = difference, ends or (difference, difference)
    if before.more_is_better:
        worse, low, high = -worse, -high, -low
    if pairs is None and abs(difference) <= EQUAL * abs(before.value):
        # Their intervals say how well each is known, and not that they differ.
        verdict = ChangeVerdict.SAME
    elif low > allowance:
        verdict = ChangeVerdict.WORSE
    elif high < -allowance:
        verdict = ChangeVerdict.BETTER
    elif high <= allowance:
        verdict = ChangeVerdict.SAME
    else:
        verdict = ChangeVerdict.UNDECIDED
    return Change(
        verdict=verdict,
        before=before.value,
        difference=difference,
        interval=ends,
        allowance=allowance,
        paired=pairs is not None,
    )


def _paired(
    before: FrameSample | None, sample: FrameSample | None
) -> tuple[float, tuple[float, float]] | None:
    """Difference of two means over the frames and its interval; None if they cannot be paired."""
    if sample is None or before is None or sample.frames != before.frames:
        return None
    if sample.squared != before.squared or not np.array_equal(sample.counts, before.counts):
        return None
    # As the file has them, so that a model has no difference to itself.
    errors, former = (one.errors.astype(np.float32).astype(float) for one in (sample, before))
    found = paired_difference(errors, former, sample.counts, sample.groups, squared=sample.squared)
    if found.interval is None or (found.independent or 0.0) < MIN_PAIRS:
        return None
    return found.value, found.interval


def _unpaired(before: Entry, now: Entry) -> tuple[float, float] | None:
    if now.interval is None and before.interval is None:
        return None
    low, high = now.interval or (now.value, now.value)
    before_low, before_high = before.interval or (before.value, before.value)
    difference = now.value - before.value
    down = math.hypot(now.value - low, before_high - before.value)
    up = math.hypot(high - now.value, before.value - before_low)
    return difference - down, difference + up
