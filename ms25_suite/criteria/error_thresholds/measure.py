"""Errors of a potential on the test frames of a dataset."""

from __future__ import annotations

from dataclasses import dataclass

from ms25_suite.core.fields import Quantity
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.comparison import (
    ComparedFrames,
    in_display_units,
    measure_mae,
    record_mae,
)
from ms25_suite.criteria.error_thresholds.groups import record_group
from ms25_suite.criteria.error_thresholds.parts import parts_of
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.metrics.errors import ErrorSummary

__all__ = ["FrameErrors", "measure_errors"]


@dataclass(frozen=True, slots=True, eq=False)
class FrameErrors:
    """Errors of one quantity.

    Parameters
    ----------
    errors
        Mean absolute error and root mean square error.
    compared
        Test frames with labels and predictions.
    """

    errors: ErrorSummary
    compared: ComparedFrames

    def record(self, recorder: CheckRecorder) -> None:
        """Record the mean absolute error, the root mean square error, and the errors of parts."""
        details = record_mae(recorder, self.errors, self.compared)
        recorder.measure(
            self.errors.quantity,
            metric="rmse",
            unit=recorder.unit(self.errors.quantity),
            n_frames=self.errors.n_frames,
            **in_display_units(self.errors.rmse),
        )
        without = details.without_model
        scale = None if without is None else without / MEV_PER_EV
        for group in parts_of(self.errors, self.compared, scale):
            record_group(recorder, group)


def measure_errors(compared: ComparedFrames, quantity: Quantity, *, seed: int) -> FrameErrors:
    """Errors of a quantity on test frames.

    Parameters
    ----------
    compared
        Test frames with labels and predictions.
    quantity
        ``energy``, ``forces`` or ``stress``.
    seed
        Seed of the bootstrap.

    Raises
    ------
    NotApplicableError
        Labels or predictions have none of it.
    """
    return FrameErrors(measure_mae(compared, quantity, seed=seed), compared)
