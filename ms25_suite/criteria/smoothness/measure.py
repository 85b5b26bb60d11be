"""The largest step of the energy and jump of the force, and what is recorded of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.smoothness.details import KEY, LineSteps, SmoothnessDetails
from ms25_suite.criteria.smoothness.lines import Line, SmoothnessScan

__all__ = ["SMOOTHNESS_QUANTITIES", "SmoothnessNumber", "measure_smoothness"]

SMOOTHNESS_QUANTITIES: Final = ("energy_step", "force_jump")


@dataclass(frozen=True, slots=True, eq=False)
class SmoothnessNumber:
    """The largest step or jump on any line.

    Parameters
    ----------
    quantity
        One of `SMOOTHNESS_QUANTITIES`.
    value
        In the unit of the quantity; NaN if the potential gave none.
    reason
        Where it is, or why there is none.
    rounding
        Largest value that rounding can make, in the same unit.
    details
        All lines.
    duration_s
        Wall time of all lines in seconds.
    """

    quantity: str
    value: float
    reason: str
    rounding: float
    details: SmoothnessDetails
    duration_s: float

    def record(self, recorder: CheckRecorder) -> None:
        """Record the number against its threshold, or that the potential did not answer."""
        fields: dict[str, Any] = {
            "details": {KEY: self.details.to_dict()},
            "n_frames": len(self.details.lines),
            "duration_s": self.duration_s,
        }
        mark = recorder.threshold(self.quantity)
        if math.isnan(self.value):
            recorder.fail(self.quantity, self.reason, **fields)
        elif mark is not None and mark.value < self.value <= self.rounding:
            reason = (
                f"{self.value:.2g} {mark.unit} may be rounding in float32 (up to "
                f"{self.rounding:.2g}): {self.reason}. Use --dtype=float64, or energies without a "
                "large constant"
            )
            recorder.undecided(self.quantity, reason, **fields)
        else:
            recorder.judge(self.quantity, value=self.value, reason=self.reason, **fields)


def measure_smoothness(scan: SmoothnessScan, quantity: str) -> SmoothnessNumber:
    """Number of a quantity from the lines of a potential.

    Parameters
    ----------
    scan
        All lines.
    quantity
        ``energy_step``: energy that appears or disappears in one step of 0.01 Å without a force.
        ``force_jump``: change of a force in such a step that the steps beside it do not foretell.
    """
    details = SmoothnessDetails(tuple(_described(line, quantity) for line in scan.lines))
    if scan.problem:
        reason = f"the potential has no answer to {scan.problem}"
        return SmoothnessNumber(quantity, math.nan, reason, 0.0, details, scan.duration_s)
    largest = [float(_sizes(line, quantity).max(initial=0.0)) for line in scan.lines]
    worst = scan.lines[int(np.argmax(largest))]
    where = float(worst.places[int(np.argmax(_sizes(worst, quantity)))])
    reason = (
        f"largest for {worst.name}, {where:.2f} Å from where its atoms were"
        if worst.name.startswith("frame")
        else f"largest for {worst.name} in vacuum at {where:.2f} Å"
    )
    rounding = MEV_PER_EV * worst.rounding if quantity == "energy_step" else 0.0
    text = "; ".join(filter(None, (reason, scan.remark)))
    return SmoothnessNumber(quantity, max(largest), text, rounding, details, scan.duration_s)


def _sizes(line: Line, quantity: str) -> Any:
    return MEV_PER_EV * np.abs(line.energy if quantity == "energy_step" else line.force)


def _described(line: Line, quantity: str) -> LineSteps:
    sizes = _sizes(line, quantity)
    return LineSteps(
        line.name,
        tuple(line.places.round(4).tolist()),
        tuple(round(float(size), 6) for size in sizes),
    )
