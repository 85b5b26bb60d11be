"""Data training rates: lines through the errors of one variant over its training sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, Place
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.error_thresholds import CRITERION as ERRORS
from ms25_suite.criteria.training_rate.details import (
    CURVE_KEY,
    FIT_KEY,
    LearningCurveDetails,
    RateFitDetails,
)
from ms25_suite.metrics.training_rate import MIN_SIZES, fit_line

__all__ = ["Curve", "Line", "curve_of", "error_place"]


@dataclass(frozen=True, slots=True)
class Line:
    """Line through the logarithms of errors.

    Parameters
    ----------
    rate
        Minus its slope.
    interval
        95 % interval of the rate; the range of several lines.
    intercept
        ``ln`` of the error at one training frame.
    r2
        Coefficient of determination; None for the mean of several lines.
    sizes
        Numbers of training frames, ascending.
    source
        Where rate and interval come from, in words.
    rates
        Rates of the single sets.
    n_trainings
        Number of trainings whose errors it goes through.
    """

    rate: float
    interval: tuple[float, float] | None
    intercept: float
    r2: float | None
    sizes: tuple[int, ...]
    source: str
    rates: tuple[float, ...]
    n_trainings: int

    def at(self, n: float) -> float:
        """Error at a number of training frames."""
        return float(math.exp(self.intercept) * n**-self.rate)


@dataclass(frozen=True, slots=True)
class Curve:
    """Errors of a variant over its training sizes.

    Parameters
    ----------
    variant
        Whose.
    points
        Reading at each number of training frames.
    line
        The line; None if there is none.
    reason
        Why there is none.
    """

    variant: Variant
    points: dict[int, Reading]
    line: Line | None
    reason: str = ""


def error_place(dataset: str, quantity: str, test: str = "") -> Place:
    """Place of the mean absolute error on the test frames of a dataset."""
    return Place(ERRORS.name, quantity, "mae", dataset, test or dataset)


def curve_of(
    outcomes: Outcomes, dataset: str, quantity: str, variant: Variant, number: int
) -> Curve | None:
    """Curve of a variant; None for a given potential, which has no number of training frames."""
    if not variant.trained:
        return None
    place = error_place(dataset, quantity)
    points = {n: outcomes.reading(place, variant, n, number) for n in outcomes.sizes(dataset)}
    if number != ALL_SETS:
        line, reason = _line_of_set(outcomes, place, points)
        return Curve(variant, points, line, reason)
    lines, reasons = [], []
    for own in outcomes.sets:
        one = curve_of(outcomes, dataset, quantity, variant, own)
        if one is not None and one.line is not None:
            lines.append(one.line)
        elif one is not None:
            reasons.append(f"set {own}: {one.reason}")
    return Curve(variant, points, _mean_line(lines), "; ".join(dict.fromkeys(reasons)))


def _mean_line(lines: Sequence[Line]) -> Line | None:
    """Mean of the lines of several sets, with the range of their rates."""
    if len(lines) < 2:
        return lines[0] if lines else None
    rates = tuple(one.rate for one in lines)
    sizes = tuple(sorted({n for one in lines for n in one.sizes}))
    return Line(
        fmean(rates),
        (min(rates), max(rates)),
        fmean(one.intercept for one in lines),
        None,
        sizes,
        f"mean and range of {len(lines)} sets",
        rates,
        sum(one.n_trainings for one in lines),
    )


def _line_of_set(
    outcomes: Outcomes, place: Place, points: dict[int, Reading]
) -> tuple[Line | None, str]:
    known = {n: one for n, one in points.items() if one.value is not None}
    recorded = _recorded(outcomes, place, known)
    if recorded is not None:
        return recorded, ""
    if len(known) < MIN_SIZES:
        found = f"errors at {', '.join(map(str, known))} training frames" if known else "no error"
        return None, f"{found}; a rate needs {MIN_SIZES} sizes"
    line = fit_line(list(known), [float(one.value or 0.0) for one in known.values()])
    if line is None:
        return None, "an error is exactly 0 and has no logarithm"
    around, frames = line.half_width, _frames_half_width(line.weights[1], list(known.values()))
    half = math.hypot(around, frames)
    source = (
        "fitted to the errors of single results; the interval covers the scatter around the line "
        "and the intervals of the errors, taken as independent"
    )
    rate, sizes = line.rate, tuple(known)
    interval = (rate - half, rate + half)
    count = sum(len(one.values) for one in known.values())
    return Line(rate, interval, line.intercept, line.r2, sizes, source, (rate,), count), ""


def _frames_half_width(weights: Sequence[float], points: Sequence[Reading]) -> float:
    """Half width of the rate from the finite number of test frames.

    The rate is a sum of ``weights * ln MAE``. All sizes have the same test frames, whose luck
    raises or lowers all errors together and mostly cancels in a slope: independent errors, as they
    are taken here, make the interval too wide rather than too narrow.
    """
    total = 0.0
    for weight, point in zip(weights, points, strict=True):
        low, high = point.interval or (0.0, 0.0)
        if 0 < low < high:
            total += (weight * math.log(high / low) / 2) ** 2
    return math.sqrt(total)


def _recorded(outcomes: Outcomes, place: Place, known: dict[int, Reading]) -> Line | None:
    """Rate that a run recorded for just these errors: its interval knows the single frames."""
    names = [[one.potential for one in reading.results] for reading in known.values()]
    if any(len(own) != 1 for own in names):
        return None
    members = tuple(own[0] for own in names)
    for result in outcomes.series:
        if (result.dataset, result.quantity, result.metric) != (
            place.dataset,
            place.quantity,
            "rate",
        ) or (result.test_dataset or result.dataset) != place.test:
            continue
        line = _line_of(result, members)
        if line is not None:
            return line
    return None


def _line_of(result: CheckResult, members: tuple[str, ...]) -> Line | None:
    points = details_of(result, CURVE_KEY, LearningCurveDetails)
    fit = details_of(result, FIT_KEY, RateFitDetails)
    if points is None or fit is None or result.value is None or points.potentials != members:
        return None
    return Line(
        result.value,
        result.interval,
        fit.intercept,
        fit.r2,
        points.sizes,
        "recorded by the check training_rate, with the errors of single frames",
        (result.value,),
        len(members),
    )
