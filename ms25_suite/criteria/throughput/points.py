"""Speeds of a report, against accuracy and against size, by dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.throughput import CRITERION
from ms25_suite.criteria.throughput.details import (
    SIZES_KEY,
    SPEED_KEY,
    SizeCostDetails,
    ThroughputDetails,
)
from ms25_suite.report.criteria import error_criterion
from ms25_suite.report.wording import pair_label

__all__ = [
    "ParetoPoint",
    "SizeCurve",
    "SpeedPoint",
    "pareto_points",
    "size_curves",
    "speed_points",
]


@dataclass(frozen=True, slots=True, eq=False)
class SpeedPoint:
    """Speed of a potential on a dataset.

    Parameters
    ----------
    result
        The result; it has no value if the timing was too noisy.
    details
        What else was measured.
    """

    result: CheckResult
    details: ThroughputDetails

    @property
    def label(self) -> str:
        """Name of the dataset."""
        return pair_label(self.result.dataset, self.result.test_dataset)


@dataclass(frozen=True, slots=True, eq=False)
class ParetoPoint:
    """Accuracy and speed of a potential on a dataset.

    Parameters
    ----------
    speed
        Its speed, which has a value.
    forces, unit
        Mean absolute error of its forces, and the unit of it.
    threshold
        Of this error; None without one.
    best
        Whether no other potential is at least as accurate and as fast, and better in one of the
        two.
    """

    speed: SpeedPoint
    forces: float
    unit: str
    threshold: float | None
    best: bool


_Found: TypeAlias = tuple[SpeedPoint, float, str, float | None]
"""Speed, error of the forces, its unit and its threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class SizeCurve:
    """Cost of a potential over the number of atoms.

    Parameters
    ----------
    result
        The exponent; it has a value.
    cost
        Times, speeds and memory at each size.
    """

    result: CheckResult
    cost: SizeCostDetails

    @property
    def exponent(self) -> float:
        """Power of the number of atoms with which the time of a step grows."""
        return float(self.result.value or 0.0)


def speed_points(results: Sequence[CheckResult]) -> list[SpeedPoint]:
    """Speeds on the frames of the datasets themselves, also those too noisy for a number."""
    points = []
    for result in results:
        if (result.criterion, result.quantity) != (CRITERION.name, CRITERION.main):
            continue
        details = details_of(result, SPEED_KEY, ThroughputDetails)
        # A failure without a value: LAMMPS did not run the dynamics of this potential.
        refused = result.value is None and result.verdict is Verdict.FAIL
        if details is not None and not refused and (result.value is None or result.value > 0):
            points.append(SpeedPoint(result, details))
    return points


def pareto_points(
    points: Sequence[SpeedPoint], results: Sequence[CheckResult]
) -> dict[str, list[ParetoPoint]]:
    """By dataset, the potentials of which both the error of the forces and the speed are known."""
    judged = error_criterion()
    errors = {
        (other.dataset, other.test_dataset, other.potential): (
            other.value,
            other.unit,
            other.threshold,
        )
        for other in results
        if (other.criterion, other.quantity, other.metric) == (judged, "forces", "mae")
        and other.value is not None
        # The difference of two methods is no accuracy.
        and not other.incomparable
    }
    found: dict[str, list[_Found]] = {}
    for point in points:
        result = point.result
        key = (result.dataset, result.test_dataset, result.potential)
        if key in errors and result.value is not None:
            found.setdefault(point.label, []).append((point, *errors[key]))
    return {
        label: [ParetoPoint(*own, not any(_beats(other, own) for other in group)) for own in group]
        for label, group in found.items()
    }


def _beats(one: _Found, other: _Found) -> bool:
    """Whether one is nowhere worse than the other, and better somewhere."""
    (fast, error, *_), (slow, larger, *_) = one, other
    # Pareto dominance: high speed and low error are both better.
    mine, theirs = float(fast.result.value or 0.0), float(slow.result.value or 0.0)
    return mine >= theirs and error <= larger and (mine > theirs or error < larger)


def size_curves(results: Sequence[CheckResult]) -> dict[str, list[SizeCurve]]:
    """By dataset, costs over sizes; results without the details of a curve are left out."""
    found: dict[str, list[SizeCurve]] = {}
    for result in results:
        if result.criterion != CRITERION.name or result.value is None:
            continue
        cost = details_of(result, SIZES_KEY, SizeCostDetails)
        if cost is not None:
            label = pair_label(result.dataset, result.test_dataset)
            found.setdefault(label, []).append(SizeCurve(result, cost))
    return found
