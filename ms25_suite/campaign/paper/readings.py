"""A number of a figure: of one training, or of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from ms25_suite.core.results import CheckResult
from ms25_suite.report.wording import SYMBOLS

__all__ = ["NOT_RUN", "Reading", "merged", "reading_of"]

NOT_RUN: Final = "·"
"""Sign of a number that nobody asked for, or that is still to come."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number of a figure, or a sign and the reason why there is none.

    Parameters
    ----------
    value, unit
        The number; None if there is none.
    interval
        95 % interval of one training; the range of the numbers of several.
    values
        The numbers of the single trainings.
    missing
        Trainings that should be among them and are not.
    sign, reason
        Why there is no number, or a remark on it.
    stand_in, incomparable
        As those of `CheckResult`; of any of the numbers.
    results
        The results behind it.
    """

    value: float | None
    unit: str = ""
    interval: tuple[float, float] | None = None
    values: tuple[float, ...] = ()
    missing: int = 0
    sign: str = ""
    reason: str = ""
    stand_in: bool = False
    incomparable: bool = False
    results: tuple[CheckResult, ...] = ()

    @property
    def of_several(self) -> bool:
        """Whether it is the mean of several trainings, and its interval their range."""
        return len(self.values) > 1


def reading_of(result: CheckResult) -> Reading:
    """One result as a reading."""
    if result.value is None:
        sign = SYMBOLS[result.verdict] if result.verdict else NOT_RUN
        reason = result.reason or "no reason was recorded"
        return Reading(None, result.unit, sign=sign, reason=reason, results=(result,))
    return Reading(
        result.value,
        result.unit,
        result.interval,
        (result.value,),
        reason=result.reason,
        stand_in=result.stand_in,
        incomparable=result.incomparable,
        results=(result,),
    )


def merged(readings: Sequence[Reading]) -> Reading:
    """Mean of several readings, with their range; those without a number are counted."""
    if len(readings) == 1:
        return readings[0]
    numbers = [one for one in readings if one.value is not None]
    lost = [one for one in readings if one.value is None]
    results = tuple(result for one in readings for result in one.results)
    reasons = Counter(one.reason for one in lost)
    words = "; ".join(f"{count} of {len(readings)}: {text}" for text, count in reasons.items())
    if not numbers:
        signs = Counter(one.sign for one in lost)
        # What was tried and failed says more than what was not run.
        sign = min(signs, key=lambda one: (one == NOT_RUN, -signs[one])) if signs else NOT_RUN
        text = lost[0].reason if len(reasons) == 1 else words
        return Reading(None, sign=sign, reason=text, missing=len(lost), results=results)
    values = tuple(value for one in numbers for value in one.values)
    means = [float(one.value or 0.0) for one in numbers]
    interval = numbers[0].interval if len(values) == 1 else (min(values), max(values))
    return Reading(
        fmean(means),
        numbers[0].unit,
        interval,
        values,
        len(lost) + sum(one.missing for one in numbers),
        reason=f"without {words}" if words else "",
        stand_in=any(one.stand_in for one in numbers),
        incomparable=any(one.incomparable for one in numbers),
        results=results,
    )
