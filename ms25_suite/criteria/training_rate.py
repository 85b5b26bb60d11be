"""The errors of a series of potentials over their training sizes, and what is reported of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.results import CheckResult
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS, MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.comparison import JudgedFrames, shown, why_not
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.training_rate import RateFit, fit_rate
from ms25_suite.potentials.potential import Potential

__all__ = ["LearningCurve", "TrainedSeries", "judge_series"]

FARTHEST: Final = 100
"""A threshold beyond this many times the largest training size is not extrapolated to: the sizes
of the paper span a factor of 20, and no power law is known to hold for much longer."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedSeries:
    """Potentials that differ in their number of training frames.

    Parameters
    ----------
    name
        Short name for reports.
    potentials
        Training size to potential, ascending.
    left_out
        Sizes that were asked for, but for which the training data are too few.
    """

    name: str
    potentials: Mapping[int, Potential]
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """A series on the same test frames of a dataset.

    Parameters
    ----------
    series, dataset
        What is judged on what.
    points
        Training size to judged frames, ascending; the frames are the same.
    """

    series: TrainedSeries
    dataset: Dataset
    points: Mapping[int, JudgedFrames]

    def record(
        self,
        recorder: CheckRecorder,
        threshold: Threshold | None,
        quantity: Quantity,
        *,
        mark: Threshold | None,
        seed: int,
    ) -> CheckResult | None:
        """Record the rate, and the number of frames that an error mark needs.

        Parameters
        ----------
        recorder
            Of the check.
        threshold
            What is asked of the rate; None if nothing.
        quantity
            ``energy``, ``forces`` or ``stress``.
        mark
            What is asked of the errors; None if nothing.
        seed
            Seed of the bootstraps of the errors.

        Returns
        -------
        :
            The rate; None if there is none, for which `why_not` has the reason.
        """
        errors = [point.errors(quantity, seed=seed) for point in self.points.values()]
        known = [summary for summary in errors if summary is not None]
        fit = fit_rate(list(self.points), known) if len(known) == len(errors) else None
        if fit is None:
            return None
        needed, remark = _frames_needed(fit, known, quantity, mark)
        remarks = [*self._remarks(), *([remark] if remark else [])]
        result = recorder.judge(
            threshold,
            metric="rate",
            value=fit.rate.value,
            interval=fit.rate.interval,
            unit=DIMENSIONLESS,
            n_frames=known[0].n_frames,
            duration_s=sum(point.duration_s for point in self.points.values()),
            details={
                "learning_curve": {
                    **_points(fit, known),
                    "potentials": [potential.name for potential in self.series.potentials.values()],
                    "threshold": None if mark is None else mark.value,
                },
                "fit": {
                    "intercept": fit.intercept + float(np.log(MEV_PER_EV)),
                    "r2": fit.r2,
                    "scatter_half_width": fit.scatter_half_width,
                    "frames_half_width": fit.frames_half_width,
                },
                "findings": [remark.to_dict() for remark in remarks],
            },
        )
        if needed:
            recorder.measure(
                quantity=f"{quantity}_frames_needed",
                metric="measurement",
                unit="frames",
                n_frames=known[0].n_frames,
                **needed,
            )
        return result

    def why_not(self, quantity: Quantity) -> str:
        """Reason why there is no rate of a quantity."""
        missing = [
            point for point in self.points.values() if point.errors(quantity, seed=0) is None
        ]
        return why_not(quantity, missing[0]) if missing else "an error is 0 and has no logarithm"

    def _remarks(self) -> list[Finding]:
        remarks = dict.fromkeys(
            remark for point in self.points.values() for remark in point.remarks
        )
        found = list(remarks)
        if any(
            potential.manifest is not None and potential.manifest.budget == "smoke"
            for potential in self.series.potentials.values()
        ):
            message = (
                "the smoke budget trains on about as many frame passes whatever the number of "
                "frames, and a small model: this rate says little about the architecture"
            )
            found.append(Finding("smoke-budget", message, "note"))
        if self.series.left_out:
            sizes = ", ".join(map(str, self.series.left_out))
            message = f"left out: {sizes}; there are not as many training frames"
            found.append(Finding("train-sizes", message, "note"))
        return found


def judge_series(
    series: TrainedSeries, dataset: Dataset, judge: Callable[[Potential, Dataset], JudgedFrames]
) -> LearningCurve:
    """Judge all potentials of a series on the test frames that none of them has seen.

    Raises
    ------
    DatasetError
        There is no such frame.
    PotentialError
        A potential cannot predict them.
    """
    points = {size: judge(potential, dataset) for size, potential in series.potentials.items()}
    common = reduce(np.intersect1d, (point.indices for point in points.values()))
    if len(common) == 0:
        msg = (
            f"no test frame of {dataset.name} is unseen by all potentials of {series.name}: each "
            "was trained on another part of them. Train them on one set"
        )
        raise DatasetError(msg)
    return LearningCurve(
        series,
        dataset,
        {
            size: point if len(point.indices) == len(common) else point.only(common)
            for size, point in points.items()
        },
    )


def _points(fit: RateFit, errors: list[ErrorSummary]) -> dict[str, Any]:
    """The curve in the unit that people read."""
    points = [shown(summary, summary.mae) for summary in errors]
    return {
        "sizes": list(fit.sizes),
        "mae": [point["value"] for point in points],
        "intervals": [point["interval"] for point in points],
        "unit": QUANTITY_UNITS[errors[0].quantity],
    }


def _frames_needed(
    fit: RateFit, errors: list[ErrorSummary], quantity: Quantity, mark: Threshold | None
) -> tuple[dict[str, Any], Finding | None]:
    """Fields of the number of training frames that a mark needs, or why it cannot be told."""
    if mark is None:
        return {}, None
    limit = mark.value / MEV_PER_EV
    asked = f"how many frames the {quantity} threshold of {mark.value:g} {mark.unit} needs"
    if errors[0].mae.value <= limit:
        reason = f"at most: the smallest size is within {mark.value:g} {mark.unit} already"
        return {"value": float(fit.sizes[0]), "interval": None, "reason": reason}, None
    needed = fit.frames_needed(limit)
    if needed is None:
        message = f"{asked} cannot be told: the rate is not significantly positive"
        return {}, Finding("frames-needed", message, "note")
    if needed.value > FARTHEST * fit.sizes[-1]:
        message = (
            f"{asked} cannot be told: it is more than {FARTHEST} times the largest size, farther "
            "than the line can be trusted"
        )
        return {}, Finding("frames-needed", message, "note")
    reason = f"frames at which the line reaches {mark.value:g} {mark.unit}"
    return {"value": needed.value, "interval": needed.interval, "reason": reason}, None
