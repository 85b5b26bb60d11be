"""Errors of a potential on the test frames of a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ms25_suite.core.fields import Quantity
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.comparison import (
    ComparedFrames,
    frame_sample,
    in_display_units,
    measure_mae,
    record_mae,
)
from ms25_suite.criteria.error_thresholds.groups import record_group
from ms25_suite.criteria.error_thresholds.parts import parts_of
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.metrics.conventions.offsets import fractions_of
from ms25_suite.metrics.decomposition.alignment import FRAMES_PER_ELEMENT
from ms25_suite.metrics.decomposition.terms import leave_one_out
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import mean_interval

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
            sample=frame_sample(self.errors, self.compared, squared=True),
            **in_display_units(self.errors.rmse),
        )
        if self.errors.quantity == "energy":
            self._record_other_energies(recorder)
        without = details.without_model
        scale = None if without is None else without / MEV_PER_EV
        for group in parts_of(self.errors, self.compared, scale):
            record_group(recorder, group)

    def _record_other_energies(self, recorder: CheckRecorder) -> None:
        """Record the aligned error beside the raw one, or the raw one beside the aligned one."""
        unit = recorder.unit("energy")
        raw = self.compared.as_predicted()
        if self.compared.alignment is not None:
            plain = raw.errors("energy")
            if plain is not None:
                recorder.measure(
                    "energy_as_predicted",
                    metric="measurement",
                    unit=unit,
                    n_frames=plain.n_frames,
                    reason="with the constants of the elements",
                    **in_display_units(plain.mae),
                )
            return
        fractions = fractions_of(raw.frames.select(self.errors.frames))
        if len(fractions) < FRAMES_PER_ELEMENT * fractions.shape[1]:
            return
        left = leave_one_out(self.errors.predicted - self.errors.reference, fractions)
        rank = int(np.linalg.matrix_rank(fractions))
        recorder.measure(
            "energy_aligned",
            metric="measurement",
            unit=unit,
            n_frames=len(left),
            reason=(
                f"without a constant for each element ({rank} parameter"
                f"{'' if rank == 1 else 's'}, fitted to the other test frames); --align=element "
                "judges such an error"
            ),
            **in_display_units(mean_interval(np.abs(left), groups=self.errors.groups)),
        )


def measure_errors(compared: ComparedFrames, quantity: Quantity) -> FrameErrors:
    """Errors of a quantity on test frames.

    Parameters
    ----------
    compared
        Test frames with labels and predictions.
    quantity
        ``energy``, ``forces`` or ``stress``.

    Raises
    ------
    NotApplicableError
        Labels or predictions have none of it.
    """
    return FrameErrors(measure_mae(compared, quantity), compared)
