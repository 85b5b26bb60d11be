"""Learning curves of a report, by dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.training_rate import CRITERION
from ms25_suite.criteria.training_rate.details import (
    CURVE_KEY,
    FIT_KEY,
    LearningCurveDetails,
    RateFitDetails,
)
from ms25_suite.criteria.training_rate.paper_rates import PaperRates, paper_rates
from ms25_suite.report.wording import pair_label

__all__ = ["LearningCurve", "LearningGroup", "learning_groups"]


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """Errors of one series of potentials in one quantity, and the line through them.

    Parameters
    ----------
    result
        The rate; it has a value.
    points, fit
        The errors, and the line.
    needed
        Result with the number of training frames at which the line reaches the threshold; None if
        it is not known.
    """

    result: CheckResult
    points: LearningCurveDetails
    fit: RateFitDetails
    needed: CheckResult | None

    @property
    def rate(self) -> float:
        """The rate, dimensionless."""
        return float(self.result.value or 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class LearningGroup:
    """All series on one dataset.

    Parameters
    ----------
    label
        Name of the dataset.
    curves
        Curves in the order of the results.
    paper
        What the paper published for the system; None if nothing.
    """

    label: str
    curves: Sequence[LearningCurve]
    paper: PaperRates | None

    @property
    def stand_in(self) -> bool:
        """Whether the reference stands in for that of the paper."""
        return any(curve.result.stand_in for curve in self.curves)

    @property
    def by_quantity(self) -> dict[str, list[LearningCurve]]:
        """Curves by quantity: energy, forces, stress."""
        found = {
            name: [curve for curve in self.curves if curve.result.quantity == name]
            for name in QUANTITY_UNITS
        }
        return {name: own for name, own in found.items() if own}


def learning_groups(run: RunRecord, results: Sequence[CheckResult]) -> list[LearningGroup]:
    """Learning curves by dataset; results without the details of a curve are left out."""
    needed = {
        (r.dataset, r.test_dataset, r.potential, r.quantity): r
        for r in results
        if r.criterion == CRITERION.name and r.metric == "measurement"
    }
    groups: dict[tuple[str, str], list[LearningCurve]] = {}
    for result in results:
        points = details_of(result, CURVE_KEY, LearningCurveDetails)
        fit = details_of(result, FIT_KEY, RateFitDetails)
        is_rate = result.metric == "rate" and result.quantity in QUANTITY_UNITS
        if points is None or fit is None or not is_rate or result.value is None:
            continue
        where = (result.dataset, result.test_dataset)
        frames = needed.get((*where, result.potential, f"{result.quantity}_frames_needed"))
        groups.setdefault(where, []).append(LearningCurve(result, points, fit, frames))
    tiers = {dataset.name: dataset.tier for dataset in run.datasets}
    found = []
    for (dataset, test), curves in groups.items():
        # Other people's data may have the name of one of the paper's systems by chance.
        is_builtin = (curves[0].result.tier or tiers.get(dataset)) not in (None, "", "user")
        paper = paper_rates(dataset) if is_builtin else None
        found.append(LearningGroup(pair_label(dataset, test), curves, paper))
    return found
