"""The errors of a series of potentials over their training sizes, and what is reported of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, NotJudgedError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.comparison import ComparedFrames, in_display_units, measure_mae
from ms25_suite.criteria.error_thresholds import CRITERION as ERROR_THRESHOLDS
from ms25_suite.criteria.held_out import on_common_frames
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.training_rate.details import (
    CURVE_KEY,
    FIT_KEY,
    LearningCurveDetails,
    RateFitDetails,
)
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.training_rate import RateFit, fit_rate
from ms25_suite.potentials.potential import Potential

__all__ = [
    "LearningCurve",
    "TrainedSeries",
    "TrainingRate",
    "measure_training_rate",
    "predict_series",
]

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
        Sizes of the command line for which there are too few training frames.
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
        The potentials, and the dataset whose test frames they predict.
    points
        Training size to compared frames, ascending; the frames are the same.
    """

    series: TrainedSeries
    dataset: Dataset
    points: Mapping[int, ComparedFrames]

    def remarks(self) -> list[Finding]:
        """Findings about the potentials of the series and their predictions."""
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


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRate:
    """Data training rate of one quantity.

    Parameters
    ----------
    curve
        The series on its test frames.
    quantity
        ``energy``, ``forces`` or ``stress``.
    errors
        Errors at each training size, ascending.
    fit
        Line through the logarithms.
    """

    curve: LearningCurve
    quantity: Quantity
    errors: list[ErrorSummary]
    fit: RateFit

    def record(self, recorder: CheckRecorder) -> None:
        """Record the rate, and the number of frames that the threshold of the errors needs."""
        fit, quantity, n_frames = self.fit, self.quantity, self.errors[0].n_frames
        mark = recorder.threshold(quantity, ERROR_THRESHOLDS.name)
        if mark is not None:
            # All points are of the same frames.
            first = next(iter(self.curve.points.values()))
            mark = mark.against(first.without_model(self.errors[0]))
        needed, remark = _frames_needed(fit, self.errors, quantity, mark)
        remarks = [*self.curve.remarks(), *([remark] if remark else [])]
        recorder.judge(
            quantity,
            value=fit.rate.value,
            interval=fit.rate.interval,
            n_frames=n_frames,
            n_independent=fit.rate.independent,
            doubt=fit.rate.doubt,
            duration_s=sum(point.duration_s for point in self.curve.points.values()),
            details={
                CURVE_KEY: self._points(mark).to_dict(),
                FIT_KEY: RateFitDetails(
                    # The line is that of ln(MAE): a factor in the unit is a constant there, and
                    # the rate stays.
                    intercept=fit.intercept + float(np.log(MEV_PER_EV)),
                    r2=fit.r2,
                    scatter_half_width=fit.scatter_half_width,
                    frames_half_width=fit.frames_half_width,
                ).to_dict(),
            },
            findings=remarks,
        )
        if needed:
            recorder.measure(
                f"{quantity}_frames_needed",
                metric="measurement",
                unit="frames",
                n_frames=n_frames,
                **needed,
            )

    def _points(self, mark: Threshold | None) -> LearningCurveDetails:
        """The errors in the units of the report."""
        points = [in_display_units(summary.mae) for summary in self.errors]
        return LearningCurveDetails(
            sizes=tuple(self.fit.sizes),
            mae=tuple(point["value"] for point in points),
            intervals=tuple(point["interval"] for point in points),
            unit=QUANTITY_UNITS[self.quantity],
            potentials=tuple(one.name for one in self.curve.series.potentials.values()),
            threshold=None if mark is None else mark.value,
        )


def measure_training_rate(curve: LearningCurve, quantity: Quantity, *, seed: int) -> TrainingRate:
    """Fit the errors of a series over its training sizes, on logarithmic scales.

    Parameters
    ----------
    curve
        The series on its test frames.
    quantity
        ``energy``, ``forces`` or ``stress``.
    seed
        Seed of the bootstraps of the errors.

    Raises
    ------
    NotApplicableError
        Labels or predictions have none of the quantity; a `NotJudgedError` if an error is zero.
    """
    errors = [measure_mae(point, quantity) for point in curve.points.values()]
    fit = fit_rate(list(curve.points), errors)
    if fit is None:
        msg = (
            "an error is exactly 0, so the log-log fit is impossible: leave out the size whose "
            "potential reproduces the labels"
        )
        raise NotJudgedError(msg)
    return TrainingRate(curve, quantity, errors, fit)


def predict_series(
    series: TrainedSeries, dataset: Dataset, predict: Callable[[Potential, Dataset], ComparedFrames]
) -> LearningCurve:
    """Predict the test frames that no potential of a series has seen, with each of them.

    Raises
    ------
    DatasetError
        There is no such frame.
    PotentialError
        A potential cannot predict them.
    """
    points = {size: predict(potential, dataset) for size, potential in series.potentials.items()}
    common = on_common_frames(points)
    if not common:
        msg = (
            f"no test frame of {dataset.name} is unseen by all potentials of {series.name}: each "
            "was trained on another part of them. Train them on one set"
        )
        raise DatasetError(msg)
    return LearningCurve(series, dataset, common)


def _frames_needed(
    fit: RateFit, errors: list[ErrorSummary], quantity: Quantity, mark: Threshold | None
) -> tuple[dict[str, Any], Finding | None]:
    """Fields of the number of training frames that a threshold needs, or why there is none."""
    if mark is None:
        return {}, None
    limit = mark.value / MEV_PER_EV
    what = f"how many frames the {quantity} threshold of {mark.value:g} {mark.unit} needs"
    # The line is not extrapolated to sizes below the smallest.
    if errors[0].mae.value <= limit:
        reason = "upper bound: the smallest training size already meets the threshold"
        return {"value": float(fit.sizes[0]), "interval": None, "reason": reason}, None
    needed = fit.frames_needed(limit)
    # A flat or rising line never reaches the threshold.
    if needed is None:
        message = f"{what} cannot be determined: the rate is not significantly positive"
        return {}, Finding("frames-needed", message, "note")
    if needed.value > FARTHEST * fit.sizes[-1]:
        message = (
            f"{what} cannot be determined: it is more than {FARTHEST} times the largest size, "
            "farther than the line can be trusted"
        )
        return {}, Finding("frames-needed", message, "note")
    reason = f"frames at which the line reaches {mark.value:g} {mark.unit}"
    return {"value": needed.value, "interval": needed.interval, "reason": reason}, None
