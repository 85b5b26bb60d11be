"""The largest step of the energy and jump of the force, and what is recorded of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.frames import FloatArray
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.smoothness.details import KEY, LineSteps, SmoothnessDetails
from ms25_suite.criteria.smoothness.lines import Line, SmoothnessScan, Steps

__all__ = ["SMOOTHNESS_QUANTITIES", "SmoothnessNumber", "measure_smoothness"]

SMOOTHNESS_QUANTITIES: Final = ("energy_step", "force_jump", "roughness")

ZERO_MEV_A: Final = 1e-6
"""Change of a force in meV/Å that is none."""


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
        ``energy_step``: energy that appears or disappears in the smallest step without a force.
        ``force_jump``: change of a force in such a step that the steps beside it do not foretell.
        ``roughness``: the same in steps of 0.053 Å along dimers, the median of a line; a wave of
        the energy is in every step, and a bend in few.

    Raises
    ------
    NotApplicableError
        The roughness of a reference that refuses all dimers.
    """
    lines = scan.dimers if quantity == "roughness" else (*scan.frames, *scan.dimers)
    details = SmoothnessDetails(tuple(_described(line, quantity) for line in lines))
    if scan.problem:
        reason = f"the potential has no answer to {scan.problem}"
        return SmoothnessNumber(quantity, math.nan, reason, 0.0, details, scan.duration_s)
    if not lines:
        raise NotApplicableError(scan.remark or "no two atoms of the test frames are neighbours")
    largest = [_number(line, quantity) for line in lines]
    worst = lines[int(np.argmax(largest))]
    places, sizes = _leaves(worst, quantity)
    where = float(places[int(np.argmax(sizes))])
    reason = (
        f"largest for {worst.name} in vacuum, median of the line"
        if quantity == "roughness"
        else f"largest for {worst.name}, its atoms moved by {where:+.3f} Å"
        if worst.name.startswith("frame")
        else f"largest for {worst.name} in vacuum at {where:.3f} Å"
    )
    rounding = MEV_PER_EV * worst.rounding * _share(worst) if quantity == "energy_step" else 0.0
    text = "; ".join(filter(None, (reason, scan.remark)))
    return SmoothnessNumber(quantity, max(largest), text, rounding, details, scan.duration_s)


def _number(line: Line, quantity: str) -> float:
    """Size by which a line is judged."""
    _, sizes = _leaves(line, quantity)
    if quantity != "roughness":
        return float(sizes.max(initial=0.0))
    # Beyond the cutoff there is nothing that could be rough.
    acting = sizes[sizes > ZERO_MEV_A]
    return float(np.median(acting)) if len(acting) else 0.0


def _share(line: Line) -> float:
    """Part of the energy of a line that is looked at.

    Steps of many atoms that move at once are as often up as down, so that the energy of n atoms
    changes by the square root of n times what one of them contributes.
    """
    return 1.0 if line.n_atoms == 2 else line.n_atoms**-0.5


def _sizes(line: Line, steps: Steps, quantity: str) -> FloatArray:
    if quantity == "energy_step":
        return np.asarray(MEV_PER_EV * _share(line) * np.abs(steps.energy))
    return np.asarray(MEV_PER_EV * steps.force)


def _leaves(line: Line, quantity: str) -> tuple[FloatArray, FloatArray]:
    """Places and sizes by which a line is judged."""
    parts = {"energy_step": line.energy, "force_jump": line.force}
    steps = parts.get(quantity, line.whole)
    return steps.places, _sizes(line, steps, quantity)


def _described(line: Line, quantity: str) -> LineSteps:
    described = LineSteps(
        line.name, _rounded(line.whole.places), _rounded(_sizes(line, line.whole, quantity))
    )
    places, sizes = _leaves(line, quantity)
    if places is line.whole.places or len(places) == len(line.whole.places):
        return described
    return replace(described, refined_where=_rounded(places), refined_sizes=_rounded(sizes))


def _rounded(values: FloatArray) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
