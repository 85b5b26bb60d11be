"""Walls of a potential beside those of the calculator that made the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotApplicableError, PotentialError, ReferenceCalculatorError
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.short_range.details import KEY, ShortRangeDetails, described
from ms25_suite.criteria.short_range.pushes import Curve, push
from ms25_suite.criteria.short_range.scan import ShortRangeScan
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.scans.dimers import pair_name
from ms25_suite.metrics.scans.walls import WAVE_EV, distance_at
from ms25_suite.potentials.potential import Potential

__all__ = [
    "AT_EV",
    "WallShift",
    "measure_wall_shift",
    "no_reference",
    "not_asked",
    "push_reference",
]

AT_EV: Final = {"wall_at_1_ev": 1.0, "wall_at_5_ev": 5.0, "wall_at_10_ev": 10.0}
"""Energies in eV at which walls are compared: that of hot dynamics, of the strongest bonds, and of
atoms that were hit."""


@dataclass(frozen=True, slots=True, eq=False)
class WallShift:
    """How far the walls of a potential are from those of the reference at one energy.

    Parameters
    ----------
    quantity
        One of `AT_EV`.
    value
        Largest distance between the two in Å.
    reason
        Of which pair, and which pairs could not be compared.
    n_pairs
        Number of pairs that were compared.
    details
        Curves of both.
    """

    quantity: str
    value: float
    reason: str
    n_pairs: int
    details: ShortRangeDetails

    def record(self, recorder: CheckRecorder) -> None:
        """Record the number; the suite has no threshold for it."""
        fields: dict[str, Any] = {"n_frames": self.n_pairs, "reason": self.reason}
        if self.quantity == next(iter(AT_EV)):
            # All of them have the same picture.
            fields["details"] = {KEY: self.details.to_dict()}
        recorder.judge(self.quantity, value=self.value, **fields)


def not_asked(case: Case) -> NotAsked | None:
    """Left out for the baseline; the reference is asked only if the criterion is named."""
    if case.subject.kind == "baseline":
        return NotAsked("the baseline does not depend on the positions of atoms")
    quantity = case.parameters.get("quantity")
    if quantity == "compression" and not case.dataset.frames.pbc.all(axis=1).any():
        return NotAsked(f"no frame of {case.dataset.name} is periodic in all three directions")
    if quantity in AT_EV:
        # Some references take minutes for these structures, and that of `hea` needs a file.
        return NotAsked(no_reference(case.dataset, itself=case.subject.kind == "reference"))
    return None


def no_reference(dataset: Dataset, *, itself: bool) -> str:
    """Why the walls cannot be compared with a reference; empty if they can."""
    if itself:
        return "the potential is the reference itself"
    if not dataset.card.reference_calculator:
        return f"the card of {dataset.name} names no reference_calculator"
    return ""


def push_reference(reference: Potential, scan: ShortRangeScan) -> tuple[Curve, ...]:
    """Push the pairs of a scan together with the reference.

    Raises
    ------
    NotApplicableError
        The reference cannot be run here, refuses all pairs, or has no finite answer.
    """
    try:
        # One that cannot be opened says why; later it would seem to refuse each structure.
        reference.info()
        curves, refused, problem = push(reference, scan.pushes)
    except (PotentialError, ReferenceCalculatorError) as error:
        msg = f"the reference cannot be run: {error}"
        raise NotApplicableError(msg) from error
    if problem or not curves:
        msg = f"the reference has no answer to {problem or refused}"
        raise NotApplicableError(msg)
    return curves


def measure_wall_shift(
    scan: ShortRangeScan, reference: tuple[Curve, ...], quantity: str
) -> WallShift:
    """Largest distance between the walls of a potential and of the reference at an energy.

    Parameters
    ----------
    scan
        All scans of the potential.
    reference
        The same pairs with the reference.
    quantity
        One of `AT_EV`.

    Raises
    ------
    NotApplicableError
        The potential has no answer to some structure, or no wall of both gets to this energy.
    """
    if problem := scan.problems.get("pushed"):
        msg = f"the potential has no answer to {problem}"
        raise NotApplicableError(msg)
    energy = AT_EV[quantity]
    theirs = {curve.pair: curve for curve in reference}
    worst, shown, n_pairs = -1.0, "", 0
    lower = []
    for ours in scan.pushed:
        if ours.pair not in theirs:
            continue
        places = [_distance(curve, energy) for curve in (ours, theirs[ours.pair])]
        if np.isnan(places).any():
            lower.append(pair_name(ours.pair))
            continue
        n_pairs += 1
        if (shift := abs(places[0] - places[1])) > worst:
            worst = shift
            shown = (
                f"largest for {pair_name(ours.pair)} in frame {ours.frame}: {energy:g} eV at "
                f"{places[0]:.3f} Å, with the reference at {places[1]:.3f} Å"
            )
    if not n_pairs:
        msg = f"no pair has a wall of {energy:g} eV with both the potential and the reference"
        raise NotApplicableError(msg)
    if lower:
        shown += f"; of {len(lower) + n_pairs} pairs {len(lower)} do not get there: "
        shown += ", ".join(lower)
    curves = described(scan.pushed, {pair: curve.energies for pair, curve in theirs.items()})
    return WallShift(quantity, worst, shown, n_pairs, ShortRangeDetails(curves))


def _distance(curve: Curve, energy: float) -> float:
    return distance_at(curve.distances, curve.energies, energy, drop=WAVE_EV)
