"""Walls and laws that a parent keeps, and its child may have lost; they need no labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.core.errors import NotApplicableError, NotJudgedError, PotentialError
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.criteria.consistency import DERIVATIVES, EQUALITIES
from ms25_suite.criteria.consistency.measure import Consistency, measure_law
from ms25_suite.criteria.recorder import CheckRecorder, dataset_fields
from ms25_suite.criteria.retention import WALLS
from ms25_suite.criteria.retention.details import (
    CHILD,
    KEY,
    PARENT,
    RetentionDetails,
    RoleNumber,
)
from ms25_suite.criteria.retention.family import Family
from ms25_suite.criteria.retention.sets import (
    RetentionSet,
    one_for_each_composition,
    unknown_elements,
)
from ms25_suite.criteria.short_range.measure import measure_short_range
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.potential import Potential

__all__ = ["Laws", "measure_laws"]

CONSISTENCY: Final = "consistency"

_WITHIN: Final = Threshold(
    1.0,
    DIMENSIONLESS,
    "error",
    "the thresholds of the criterion consistency: each law is divided by its own",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    """A number of one potential: NaN if it has no answer, None if it cannot be asked."""

    value: float | None
    reason: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """One quantity of all sets, of child, parent and scratch.

    Parameters
    ----------
    family
        The potentials.
    quantity
        A quantity of the short range, or ``consistency``.
    sets
        One set for each composition.
    """

    family: Family
    quantity: str
    sets: tuple[RetentionSet, ...]

    def record(self, recorder: CheckRecorder) -> None:
        """Record the child's number, which fails only where that of the parent does not.

        Raises
        ------
        NotApplicableError
            No set can be asked about it.
        """
        mark = self._mark(recorder)
        reasons = []
        for one in self.sets:
            found = {
                role: self._number(recorder, potential, one.dataset)
                for role, potential in self.family.potentials.items()
            }
            child, parent = found[CHILD], found[PARENT]
            if child.value is None or parent.value is None:
                reasons.append(child.reason if child.value is None else parent.reason)
                continue
            self._record_one(recorder, one.dataset, found, mark)
        if len(reasons) == len(self.sets):
            raise NotApplicableError("; ".join(dict.fromkeys(reasons)))

    def _record_one(
        self,
        recorder: CheckRecorder,
        dataset: Dataset,
        found: dict[str, _Number],
        mark: Threshold | None,
    ) -> None:
        child, parent = found[CHILD], found[PARENT]
        assert child.value is not None
        assert parent.value is not None
        names = self.family.potentials
        numbers = tuple(
            RoleNumber(role, names[role].name, _finite(one.value), one.interval)
            for role, one in found.items()
        )
        fields: dict[str, Any] = {
            **dataset_fields(dataset),
            "n_frames": 1,
            "conditions": {"parent": self.family.parent_key},
            "details": {KEY: RetentionDetails(tuned_for=False, numbers=numbers).to_dict()},
        }
        told = f"{self._shown(parent)} of the parent; {child.reason}".rstrip("; ")
        if mark is not None and not _within(parent, mark):
            reason = (
                f"the parent is beyond the mark too, so that nothing could be lost: {told}. "
                "What the child is worth itself, other criteria say"
            )
            if not math.isnan(child.value):
                fields |= {"value": child.value, "interval": child.interval}
            recorder.undecided(
                self.quantity,
                reason,
                **fields,
                threshold=mark.value,
                threshold_source=mark.source,
                at_least=mark.at_least,
            )
        elif math.isnan(child.value):
            recorder.fail(self.quantity, f"lost: no answer, {told}", **fields)
        elif mark is None:
            recorder.judge(
                self.quantity, value=child.value, interval=child.interval, reason=told, **fields
            )
        else:
            recorder.judge_by(
                mark,
                self.quantity,
                value=child.value,
                interval=child.interval,
                reason=told,
                **fields,
            )

    def _shown(self, parent: _Number) -> str:
        if parent.value is None or math.isnan(parent.value):
            return "no answer"
        unit = "" if self.quantity == CONSISTENCY else f" {WALLS[self.quantity].unit}"
        return f"{parent.value:.4g}{unit}"

    def _mark(self, recorder: CheckRecorder) -> Threshold | None:
        """The user's mark, or that of the criterion which the quantity is from."""
        own = recorder.threshold(self.quantity)
        if own is not None or self.quantity == CONSISTENCY:
            return own or _WITHIN
        return recorder.threshold(self.quantity, "short_range")

    def _number(self, recorder: CheckRecorder, potential: Potential, dataset: Dataset) -> _Number:
        if unknown_elements(potential, dataset):
            return _Number(None, f"{potential.name} does not know the elements of {dataset.name}")
        try:
            if self.quantity == CONSISTENCY:
                return _worst_law(recorder, self.family.laws(potential, dataset))
            number = measure_short_range(self.family.walls(potential, dataset), self.quantity)
        except NotApplicableError as error:
            return _Number(None, str(error))
        except PotentialError as error:
            return _Number(math.nan, str(error))
        return _Number(number.value, number.reason)


def measure_laws(family: Family, quantity: str) -> Laws:
    """One quantity of the short range, or the worst law of consistency, on all sets.

    Parameters
    ----------
    family
        The potentials.
    quantity
        A quantity of the short range, or ``consistency``.

    Raises
    ------
    NotJudgedError
        There is no set whose elements child and parent both know.
    """
    known = [one for one in family.sets if not family.why_unknown(one.dataset)]
    if not known:
        reasons = [family.why_unknown(one.dataset) for one in family.sets]
        told = "; ".join(dict.fromkeys(filter(None, reasons))) or "there is no other set"
        msg = f"{told}. To judge retention, name other data with --ms25-retention-data"
        raise NotJudgedError(msg)
    return Laws(family, quantity, tuple(one_for_each_composition(known)))


def _worst_law(recorder: CheckRecorder, answers: Consistency) -> _Number:
    """The law that is broken most, in multiples of its threshold."""
    worst = _Number(None, "no law can be asked about")
    for law in (*DERIVATIVES, *EQUALITIES):
        try:
            found = measure_law(answers, law)
        except NotApplicableError:
            continue
        if found.problem:
            return _Number(math.nan, f"{law}: {found.problem}")
        mark = recorder.threshold(law, CONSISTENCY) or found.mark
        if mark is None:
            continue
        value = found.value / mark.value
        if worst.value is None or value > worst.value:
            ends = found.interval
            interval = None if ends is None else (ends[0] / mark.value, ends[1] / mark.value)
            worst = _Number(value, f"worst: {law.replace('_', ' ')}", interval)
    return worst


def _within(number: _Number, mark: Threshold) -> bool:
    value = number.value
    if value is None or math.isnan(value):
        return False
    return value >= mark.value if mark.at_least else value <= mark.value


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
