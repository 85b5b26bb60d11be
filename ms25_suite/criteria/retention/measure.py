"""What a child has gained on the data that it was tuned for, and lost on others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError, NotJudgedError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Predictions
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.comparison import in_display_units
from ms25_suite.criteria.gaps import LabelGaps
from ms25_suite.criteria.recorder import CheckRecorder, dataset_fields
from ms25_suite.criteria.retention.details import (
    CHILD,
    KEY,
    PARENT,
    RetentionDetails,
    RoleNumber,
)
from ms25_suite.criteria.retention.family import ComparedSet, Family
from ms25_suite.criteria.without_model import error_without_model, predict_without_model
from ms25_suite.metrics.comparing.paired import PairedErrors, pair_errors
from ms25_suite.metrics.conventions.offsets import level_of_theory_mismatch
from ms25_suite.metrics.decomposition.alignment import Alignment
from ms25_suite.metrics.errors import ErrorSummary, components, summarise_errors
from ms25_suite.metrics.intervals import TAILS, Statistic

__all__ = ["Retention", "measure_retention"]

_PARENTS_ERROR: Final = "the parent's error"


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """Errors of one quantity on one set."""

    compared: ComparedSet
    errors: dict[str, ErrorSummary]
    raw: dict[str, float]
    pair: PairedErrors
    difference: Statistic
    moved: float


@dataclass(frozen=True, slots=True, eq=False)
class Retention:
    """Errors of one quantity on all sets.

    Parameters
    ----------
    family
        The potentials.
    quantity
        ``energy``, ``forces`` or ``stress``.
    own
        On the data that the child was tuned for; None if there is no number.
    others
        On the other sets, or the reason why there is no number.
    """

    family: Family
    quantity: Quantity
    own: _Change | None
    others: tuple[_Change | tuple[ComparedSet, str], ...]

    def record(self, recorder: CheckRecorder) -> None:
        """Record the gain as measured, and each loss with its verdict."""
        if self.own is not None:
            fields = self._fields(self.own, tuned_for=True)
            fields["reason"] = f"tuned for these data: {fields['reason']}"
            recorder.measure(
                self.quantity,
                metric="difference",
                unit=recorder.unit(self.quantity),
                **fields,
            )
        left_out = self._left_out()
        for one in self.others:
            if isinstance(one, _Change):
                self._record_change(recorder, one, left_out)
                left_out = []
                continue
            compared, reason = one
            about = {**dataset_fields(compared.dataset), "duration_s": compared.duration_s}
            if compared.lost:
                recorder.fail(self.quantity, compared.lost, **about)
            elif compared.asked:
                recorder.not_judged(self.quantity, reason, **about)

    def _left_out(self) -> list[Finding]:
        """Finding on the built-in sets that cannot be judged, though they share an element."""
        told = [
            f"{one[0].dataset.name} ({one[1]})"
            for one in self.others
            if not isinstance(one, _Change) and not one[0].asked and not one[0].lost
        ]
        if not told:
            return []
        return [Finding("left-out", f"Retention is not judged on {'; '.join(told)}", "note")]

    def _record_change(
        self, recorder: CheckRecorder, one: _Change, left_out: list[Finding]
    ) -> None:
        fields = self._fields(one, tuned_for=False)
        fields["findings"] += left_out
        parent = MEV_PER_EV * one.errors[PARENT].mae.value
        mark = recorder.threshold(self.quantity)
        if mark is None:
            recorder.judge(self.quantity, **fields)
            return
        mark = mark.against(parent, _PARENTS_ERROR)
        if MEV_PER_EV * one.pair.worst <= mark.value:
            # Whichever frame has most of the difference: it is within the mark too.
            fields["doubt"] = ""
        nothing = self._nothing_to_lose(one, mark)
        if nothing:
            fields.pop("doubt")
            reason = fields.pop("reason")
            recorder.undecided(
                self.quantity,
                f"{nothing}; {reason}",
                **fields,
                threshold=mark.value,
                threshold_source=mark.source,
            )
            return
        recorder.judge_by(mark, self.quantity, **fields)

    def _nothing_to_lose(self, one: _Change, mark: Threshold) -> str:
        """Why the child cannot have lost anything here; empty if it can."""
        interval = one.difference.interval
        lost = interval is not None and MEV_PER_EV * interval[0] > mark.value
        frames, labels = one.compared.frames, one.compared.labels
        assert frames is not None
        assert labels is not None
        baseline = predict_without_model(one.compared.dataset, frames)
        error = one.errors[PARENT]
        blind = error_without_model(error, frames, labels, baseline)
        if lost or blind is None or error.mae.value < blind:
            return ""
        return (
            f"the parent knows nothing here that could be lost: its error is "
            f"{MEV_PER_EV * error.mae.value:.4g} {mark.unit}, and {MEV_PER_EV * blind:.4g} "
            f"{mark.unit} without looking at the structure"
        )

    def _fields(self, one: _Change, *, tuned_for: bool) -> dict[str, Any]:
        compared, family = one.compared, self.family
        parent, child = (MEV_PER_EV * one.errors[role].mae.value for role in (PARENT, CHILD))
        remarks = [*_levels(family, compared), *compared.remarks]
        first = "".join(f"{remark.message}; " for remark in remarks[:1] if _is_level(remark))
        fields: dict[str, Any] = {
            **in_display_units(one.difference),
            **dataset_fields(compared.dataset),
            "n_frames": len(one.pair.frames),
            "duration_s": compared.duration_s,
            "reason": f"{first}error {child:.4g}, of the parent {parent:.4g}",
            "conditions": {"parent": family.parent_key},
            "details": {KEY: self._details(one, tuned_for=tuned_for).to_dict()},
            "findings": remarks,
        }
        if self.quantity == "energy":
            fields["conditions"]["energies"] = "aligned"
        return fields

    def _details(self, one: _Change, *, tuned_for: bool) -> RetentionDetails:
        numbers = []
        for role, potential in self.family.potentials.items():
            errors = one.errors.get(role)
            mae = None if errors is None else errors.mae.times(MEV_PER_EV)
            raw = one.raw.get(role)
            numbers.append(
                RoleNumber(
                    role,
                    potential.name,
                    None if mae is None else mae.value,
                    None if mae is None else mae.interval,
                    None if raw is None else MEV_PER_EV * raw,
                )
            )
        where = None
        if self.quantity == "energy" and PARENT in one.compared.alignments:
            where = one.compared.alignments[PARENT].where
        return RetentionDetails(tuned_for, tuple(numbers), MEV_PER_EV * one.moved, where)


def measure_retention(family: Family, quantity: Quantity) -> Retention:
    """Errors of a quantity of a child and its parent, on all sets.

    Parameters
    ----------
    family
        The potentials.
    quantity
        ``energy``, ``forces`` or ``stress``.

    Raises
    ------
    NotApplicableError
        No set can be judged; a `NotJudgedError` if one could be expected.
    """
    others: list[_Change | tuple[ComparedSet, str]] = []
    reasons: list[NotApplicableError] = []
    for compared in family.others():
        try:
            others.append(_change(compared, quantity))
        except NotApplicableError as error:
            reasons.append(error)
            others.append((compared, str(error)))
    judged = [one for one in others if isinstance(one, _Change) or one[0].lost]
    if not judged:
        raise _nothing(family, reasons)
    try:
        own = _change(family.compared(family.tuned_for), quantity)
    except NotApplicableError:
        own = None
    return Retention(family, quantity, own, tuple(others))


def _nothing(family: Family, reasons: list[NotApplicableError]) -> NotApplicableError:
    named = "name others with --ms25-retention-data"
    if not reasons:
        elements = " ".join(family.tuned_for.card.elements)
        return NotJudgedError(f"no built-in dataset shares an element with {elements}: {named}")
    told = "; ".join(dict.fromkeys(map(str, reasons)))
    if all(type(one) is NotApplicableError for one in reasons):
        return NotApplicableError(told)
    return NotJudgedError(f"{told}. To judge retention, {named}")


def _change(compared: ComparedSet, quantity: Quantity) -> _Change:
    """Errors of one quantity on one set.

    Raises
    ------
    NotApplicableError
        There are none.
    """
    if compared.why_not or compared.lost:
        raise NotJudgedError(compared.why_not or compared.lost)
    frames, labels = compared.frames, compared.labels
    assert frames is not None
    assert labels is not None
    gaps = LabelGaps.of(compared.dataset, labels)
    if getattr(labels, quantity) is None:
        raise gaps.no_labels(quantity)
    if quantity == "energy" and compared.not_aligned:
        raise NotJudgedError(compared.not_aligned)
    errors, raw = {}, {}
    for role, predictions in compared.predictions.items():
        own = predictions
        if quantity == "energy":
            plain = summarise_errors(quantity, frames, labels, own, groups=compared.groups)
            raw.update({} if plain is None else {role: plain.mae.value})
            own = _aligned(own, compared.alignments[role], compared)
        found = summarise_errors(quantity, frames, labels, own, groups=compared.groups)
        if found is not None:
            errors[role] = found
    if not {CHILD, PARENT} <= set(errors):
        raise gaps.not_predicted(quantity)
    pair = pair_errors(errors[CHILD], errors[PARENT])
    if pair is None:
        raise gaps.no_common_frame(quantity)
    difference = pair.difference
    if quantity == "energy":
        difference = _with_fit(difference, errors, compared)
        errors = {
            role: replace(one, mae=compared.alignments[role].mae(one, frames))
            for role, one in errors.items()
        }
    return _Change(compared, errors, raw, pair, difference, _moved(compared, quantity))


def _aligned(predictions: Predictions, alignment: Alignment, compared: ComparedSet) -> Predictions:
    assert compared.frames is not None
    energy = alignment.removed(np.asarray(predictions.energy), compared.frames)
    return replace(predictions, energy=energy)


def _with_fit(
    difference: Statistic, errors: dict[str, ErrorSummary], compared: ComparedSet
) -> Statistic:
    """The difference of aligned energies, whose interval contains what the fits leave open.

    The constants of child and parent come from the same resampled frames, so that what they share
    cancels. The scatter of the fit is independent of that of the judged frames: the distances of
    the ends are added in quadrature, as in `ms25_suite.metrics.decomposition.alignment`.
    """
    interval, frames = difference.interval, compared.frames
    assert frames is not None
    if interval is None:
        return difference
    means = {}
    for role in (CHILD, PARENT):
        own, alignment = errors[role], compared.alignments[role]
        fractions = alignment.counts(frames)[own.frames] / frames.n_atoms[own.frames, None]
        shifts = fractions @ (alignment.resampled - alignment.constants).T
        means[role] = np.abs((own.predicted - own.reference)[:, None] - shifts).mean(axis=0)
    low, high = np.quantile(means[CHILD] - means[PARENT], [TAILS[0], 1.0 - TAILS[1]])
    value = difference.value
    down = np.hypot(value - interval[0], max(value - low, 0.0))
    up = np.hypot(interval[1] - value, max(high - value, 0.0))
    return replace(difference, interval=(float(value - down), float(value + up)))


def _moved(compared: ComparedSet, quantity: Quantity) -> float:
    """Mean absolute difference of the predictions: no error can have grown by more."""
    assert compared.frames is not None
    sides = []
    for role in (CHILD, PARENT):
        own = compared.predictions[role]
        if quantity == "energy":
            own = _aligned(own, compared.alignments[role], compared)
        assert compared.labels is not None
        found = components(quantity, compared.frames, compared.labels, own)
        assert found is not None
        sides.append(found)
    # A potential may have no stress for some of the frames.
    both = np.intersect1d(sides[0][2], sides[1][2])
    child, parent = (predicted[np.isin(frame, both)] for _, predicted, frame in sides)
    return float(np.abs(child - parent).mean())


def _levels(family: Family, compared: ComparedSet) -> list[Finding]:
    """What the reader has to know first: that labels are of another level than the parent's."""
    manifest = family.parent.manifest
    level = family.parent.level_of_theory or (
        (manifest.data.level_of_theory if manifest else "") or ""
    )
    labels = compared.dataset.card.level_of_theory
    if level_of_theory_mismatch(level, labels) is None:
        return []
    message = (
        f"two levels of theory: the parent {family.parent.name} learned {level}, the labels of "
        f"{compared.dataset.name} are of {labels}, so that a loss may be a change of level"
    )
    return [Finding(_LEVEL, message)]


_LEVEL: Final = "level-of-theory"


def _is_level(finding: Finding) -> bool:
    return finding.code == _LEVEL
