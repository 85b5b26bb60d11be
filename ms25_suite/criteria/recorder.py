"""From measured numbers to recorded results."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.baseline.samples import FrameSample
from ms25_suite.core.cache import atomic_path, content_key
from ms25_suite.core.catalogue import Measure, catalogue, find
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.errors import PredictionError, ReportError, UsageError, did_you_mean
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.criteria.verdicts import is_failure, verdict_on
from ms25_suite.datasets.dataset import Dataset

__all__ = [
    "ARTIFACTS",
    "RESULT_PROPERTY",
    "SAMPLE_PROPERTY",
    "CheckFailed",
    "CheckRecorder",
    "dataset_fields",
]

SAMPLE_PROPERTY = "ms25_sample"
"""The same for the errors of single frames: the key of a result, and a `PackedSample`."""

RESULT_PROPERTY = "ms25_result"
"""Name under which a result travels in the ``user_properties`` of a pytest report."""

ARTIFACTS = "artifacts"
"""Folder of arrays inside the report folder."""

_MOST_BYTES = 60
"""Of each part of the name of an artifact."""

MAX_COMPONENTS = 250_000
"""Components kept for a parity plot: more points would overlap in the plot."""


def dataset_fields(dataset: Dataset) -> dict[str, Any]:
    """Fields of a result that describe the dataset whose frames were predicted."""
    return {
        "test_dataset": dataset.name,
        "tier": dataset.tier,
        "level_of_theory": dataset.card.level_of_theory,
        "stand_in": dataset.card.stand_in,
    }


class CheckFailed(AssertionError):  # noqa: N818 (a verdict, and no error of the suite)
    """A check came to a verdict that fails it; raised by `CheckRecorder.conclude` only."""


@dataclass(slots=True, kw_only=True)
class CheckRecorder:
    """Collects the results of one check, and decides whether the check passes.

    A check measures, records and concludes. The recorder itself looks up metric, unit and threshold
    of a quantity.

    Parameters
    ----------
    context
        Fields that all results of the check share (criterion, dataset, potential, …).
    thresholds
        Thresholds that hold for the dataset, by criterion and quantity.
    properties
        ``user_properties`` of the pytest item; results travel there, also between processes.
    report_dir
        Report folder, for the arrays behind a number.
    seed
        Seed of bootstraps.
    strict
        Whether an undecided result fails the check.
    blind
        Says why no number of the potential can be a ``pass``: it does not respond to the
        structure. Empty if it does. It is asked only where a number is within its threshold, or
        is not compared with it.
    two_levels
        Why the potential cannot be compared with the labels of a dataset, by the name of the
        dataset; empty or absent where it can.
    gate_stand_in
        Whether such comparisons are judged like any other.
    rounding
        Rounding error of the potential's numbers in a unit; 0 where it does not matter.
    aligned
        Whether energies are judged without a constant for each element.
    allowed
        Which option of the user allows that a quantity is not judged on a dataset; empty for none.
    since
        How a number changed since the baseline, by the result and the errors of single frames;
        None if there is no baseline, or nothing to compare.
    """

    context: dict[str, Any]
    thresholds: Callable[[str, str], Threshold | None]
    properties: list[tuple[str, object]]
    report_dir: Path
    seed: int = 0
    strict: bool = False
    blind: Callable[[], str] = lambda: ""
    two_levels: Mapping[str, str] = field(default_factory=dict)
    gate_stand_in: bool = False
    rounding: Callable[[str], float] = lambda unit: 0.0
    aligned: bool = False
    allowed: Callable[[str, str], str] = lambda quantity, dataset: ""
    since: Callable[[CheckResult, FrameSample | None], Change | None] = lambda result, sample: None
    results: list[CheckResult] = field(default_factory=list)
    _noted: list[Finding] = field(default_factory=list, init=False, repr=False)

    def threshold(self, quantity: str, criterion: str = "") -> Threshold | None:
        """Threshold of a quantity, by default of the check's own criterion; None if none is set."""
        return self.thresholds(criterion or self.context["criterion"], quantity)

    def unit(self, quantity: str) -> str:
        """Unit in which the criterion records a quantity."""
        return self._measure(quantity).unit

    def judge(
        self,
        quantity: str,
        *,
        value: float,
        interval: tuple[float, float] | None = None,
        prefix: str = "",
        mark: Threshold | None = None,
        without_model: float | None = None,
        **fields: Any,
    ) -> CheckResult:
        """Record a number of a quantity of the catalogue, with its verdict.

        Without a threshold the number is recorded as measured.

        Parameters
        ----------
        quantity
            Quantity of the criterion; its metric and unit are those of the catalogue.
        value, interval
            The number and its 95 % interval, in that unit.
        prefix
            Put before the quantity in the result, for a variant that has the same threshold.
        mark
            Threshold where none is set for the quantity.
        without_model
            The number that predictions without a look at the structure have, in the same unit: one
            that is no smaller does not pass. None if that is not known.
        **fields
            Further fields of `CheckResult`; ``findings`` are added to its details. With ``doubt``,
            the reason why the interval cannot be trusted, the number does not pass. With
            ``sample``, the errors of single frames, it can be compared frame by frame with a
            baseline.

        Raises
        ------
        PredictionError
            The number is not finite.
        UsageError
            The catalogue has no such quantity of the criterion.
        """
        measure = self._measure(quantity)
        return self._judge(
            self.threshold(quantity) or mark,
            without_model=without_model,
            value=value,
            interval=interval,
            quantity=prefix + quantity,
            metric=measure.metric,
            unit=measure.unit,
            **fields,
        )

    def judge_by(
        self,
        mark: Threshold,
        quantity: str,
        *,
        value: float,
        interval: tuple[float, float] | None = None,
        **fields: Any,
    ) -> CheckResult:
        """Record a number with its verdict by a fixed threshold, which no user can set.

        Raises
        ------
        PredictionError
            The number is not finite.
        """
        return self._judge(
            mark,
            value=value,
            interval=interval,
            quantity=quantity,
            metric=mark.metric,
            unit=mark.unit,
            **fields,
        )

    def measure(
        self,
        quantity: str,
        *,
        metric: str,
        value: float,
        unit: str,
        interval: tuple[float, float] | None = None,
        **fields: Any,
    ) -> CheckResult:
        """Record a number without a verdict.

        Parameters
        ----------
        quantity, metric, unit
            What the number is; it need not be in the catalogue.
        value, interval
            The number and its 95 % interval.
        **fields
            Further fields of `CheckResult`.

        Raises
        ------
        PredictionError
            The number is not finite.
        """
        return self._append(
            quantity=quantity, metric=metric, value=value, unit=unit, interval=interval, **fields
        )

    def fail(self, quantity: str, reason: str, *, prefix: str = "", **fields: Any) -> CheckResult:
        """Record that there is no number because the potential failed before it came to one.

        The threshold is recorded too, since figures show it whether or not there is a number.
        """
        mark = None if "metric" in fields else self.threshold(quantity)
        if mark is not None:
            mark = mark.against(None)
            of = {"threshold_source": mark.source, "at_least": mark.at_least}
            fields = {"threshold": mark.value} | of | fields
        return self._without_number(Verdict.FAIL, quantity, reason, prefix, fields)

    def undecided(self, quantity: str, reason: str, **fields: Any) -> CheckResult:
        """Record that a number is too uncertain to be given."""
        return self._without_number(Verdict.UNDECIDED, quantity, reason, "", fields)

    def not_judged(self, quantity: str, reason: str, **fields: Any) -> CheckResult:
        """Record that a number could be expected and is not there: the run is no success."""
        name = fields.get("test_dataset", self.context["test_dataset"])
        allowed = self.allowed(quantity, name)
        if allowed:
            reason = f"{reason} (allowed by {allowed})"
        fields["unjudged"] = not allowed
        return self._without_number(Verdict.SKIP, quantity, reason, "", fields)

    def conclude(self) -> None:
        """End the check: it fails if a result does.

        Raises
        ------
        CheckFailed
            At least one result is ``fail`` or ``error``, or ``undecided`` in a strict run; the
            message explains each of them.
        UsageError
            The check recorded no result: without one it has not judged anything.
        """
        __tracebackhide__ = True
        if not self.results:
            msg = f"a check of {self.context['criterion']} recorded no result before it concluded"
            raise UsageError(msg)
        failed = self.failed()
        if failed:
            raise CheckFailed("\n".join(result.explain() for result in failed))

    def failed(self) -> list[CheckResult]:
        """Results that let the check fail."""
        return [result for result in self.results if is_failure(result, strict=self.strict)]

    def _measure(self, quantity: str) -> Measure:
        measures = catalogue()[self.context["criterion"]].measures
        if quantity not in measures:
            msg = (
                f"the criterion {self.context['criterion']} has no quantity {quantity!r}."
                f"{did_you_mean(quantity, measures)} Known: {', '.join(measures)}"
            )
            raise UsageError(msg)
        return measures[quantity]

    def _judge(
        self,
        mark: Threshold | None,
        *,
        value: float,
        interval: tuple[float, float] | None,
        without_model: float | None = None,
        **fields: Any,
    ) -> CheckResult:
        fields |= {"value": value, "interval": interval}
        if mark is None:
            return self._append(**fields)
        # First of all: a number that is not finite has no verdict.
        _refuse_not_finite(fields)
        independent = fields.get("n_independent")
        verdict, why = verdict_on(
            value,
            interval,
            mark,
            fields.get("n_frames", 0) if independent is None else independent,
            without_model,
            fields.pop("doubt", ""),
        )
        mark = mark.against(without_model)
        mismatch = "" if self.gate_stand_in else self._mismatch(fields)
        # What does not look at the structure is wrong at any level of theory.
        if (mismatch or verdict is not Verdict.FAIL) and (blind := self.blind()):
            verdict, why = Verdict.FAIL, blind
        elif mismatch:
            verdict, why = Verdict.INCOMPARABLE, mismatch
        if mark.value < (error := self.rounding(mark.unit)):
            msg = (
                f"the threshold of {mark.value:g} {mark.unit} for {fields['quantity']} is finer "
                f"than float32, which rounds these numbers by up to {error:.2g} {mark.unit}. Use "
                "--dtype=float64"
            )
            self._noted.append(Finding("coarse-dtype", msg))
        fields["reason"] = "; ".join(filter(None, (why, fields.get("reason", ""))))
        return self._append(
            threshold=mark.value,
            threshold_source=mark.source,
            at_least=mark.at_least,
            verdict=verdict,
            **fields,
        )

    def _mismatch(self, fields: Mapping[str, Any]) -> str:
        """Why a number compares two levels of theory; empty if it does not."""
        criterion = find(self.context["criterion"])
        if criterion is None or not criterion.needs_labels(fields["quantity"]):
            return ""
        names = [fields.get("test_dataset", self.context["test_dataset"])]
        if fields.get("metric") == "ratio":
            # Of the errors on two datasets.
            names.append(self.context["dataset"])
        return next(filter(None, (self.two_levels.get(name, "") for name in names)), "")

    def _is_aligned(self, fields: Mapping[str, Any]) -> bool:
        """Whether a number is of energies without a constant for each element."""
        criterion, quantity = find(self.context["criterion"]), fields["quantity"]
        labelled = criterion is not None and criterion.needs_labels(quantity)
        return self.aligned and labelled and "energy" in quantity

    def _without_number(
        self, verdict: Verdict, quantity: str, reason: str, prefix: str, fields: dict[str, Any]
    ) -> CheckResult:
        if "metric" not in fields:
            known = self._measure(quantity)
            fields = {"metric": known.metric, "unit": known.unit} | fields
        mismatch = self._mismatch({**fields, "quantity": quantity})
        if mismatch and not self.gate_stand_in:
            verdict, reason = Verdict.INCOMPARABLE, f"{mismatch}; {reason}"
        return self._append(quantity=prefix + quantity, verdict=verdict, reason=reason, **fields)

    def _append(
        self,
        *,
        findings: Iterable[Finding] | None = None,
        sample: FrameSample | None = None,
        **fields: Any,
    ) -> CheckResult:
        """Keep a result, and let it travel with the item."""
        _refuse_not_finite(fields)
        if doubt := fields.pop("doubt", ""):
            doubt = f"{doubt}: the interval cannot be trusted"
            fields["reason"] = "; ".join(filter(None, (doubt, fields.get("reason", ""))))
        if findings is not None:
            listed = [finding.to_dict() for finding in findings]
            fields["details"] = {**fields.get("details", {}), "findings": listed}
        if self._noted:
            details = fields.get("details", {})
            noted = [finding.to_dict() for finding in self._noted]
            fields["details"] = {**details, "findings": [*details.get("findings", ()), *noted]}
            self._noted.clear()
        fields["incomparable"] = bool(self._mismatch(fields))
        if self._is_aligned(fields):
            fields["conditions"] = {**fields.get("conditions", {}), "energies": "aligned"}
        result = CheckResult(**{**self.context, **fields})
        result = _with_change(result, self.since(result, sample), strict=self.strict)
        if sample is not None:
            packed = asdict(sample.packed())
            self.properties.append((SAMPLE_PROPERTY, {"key": list(result.key), "sample": packed}))
        record = result.to_dict()
        _refuse_not_json(record)
        self.results.append(result)
        self.properties.append((RESULT_PROPERTY, record))
        return result

    def keep_arrays(
        self,
        quantity: str,
        reference: FloatArray,
        predicted: FloatArray,
        unit: str,
        element: IntArray | None = None,
        frame: IntArray | None = None,
        structures: str = "",
    ) -> str:
        """Write compared components for the parity plot; returns the path in the report folder.

        Of very many components an even selection is kept.

        Parameters
        ----------
        quantity
            ``energy``, ``forces`` or ``stress``.
        reference, predicted
            Components, shape ``(n_components,)``.
        unit
            Their unit.
        element
            Atomic number behind each component, shape ``(n_components,)``.
        frame
            Index of its frame in the dataset, shape ``(n_components,)``.
        structures
            Frames to show, as extended XYZ.
        """
        # Ceiling division: every step-th component, evenly over all frames.
        step = -(-len(reference) // MAX_COMPONENTS)
        arrays: dict[str, Any] = {
            "reference": reference[::step],
            "predicted": predicted[::step],
            "unit": np.array(unit),
        }
        if element is not None:
            arrays["element"] = element[::step]
        if frame is not None:
            arrays["frame"] = np.asarray(frame[::step], dtype=np.int32)
        if structures:
            arrays["structures"] = np.array(structures)
        # In memory first: an archive that meets a full disk fails in many ways.
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        return self.keep(quantity, ".npz", lambda path: path.write_bytes(content.getvalue()))

    def keep(self, what: str, suffix: str, write: Callable[[Path], object]) -> str:
        """Write a file to the folder of artifacts that no other check writes.

        A disk that is full costs the file, and not the numbers: the next result has a finding.

        Parameters
        ----------
        what, suffix
            Parts of its name.
        write
            Writes it to a path.

        Returns
        -------
        :
            Its path in the report folder; empty if it could not be written.
        """
        try:
            target = self._file_of(what, suffix)
            with atomic_path(target) as path:
                write(path)
        except OSError as error:
            msg = f"a file of the report could not be written: {error}"
            self._noted.append(Finding("report-file", msg))
            return ""
        return f"{ARTIFACTS}/{target.name}"

    def _file_of(self, what: str, suffix: str) -> Path:
        keys = ("criterion", "dataset", "test_dataset", "potential")
        parts = [str(self.context[key]) for key in keys] + [what]
        # Different names may look alike once they are fit for a file.
        digest = content_key({"parts": parts})[:8]
        shown = [parts[0], parts[2], parts[3], what, digest]
        # Names of files have at most 255 bytes.
        fit = (re.sub(r"[^\w.+-]+", "_", part).encode()[:_MOST_BYTES] for part in shown)
        name = "-".join(part.decode(errors="ignore") for part in fit)
        folder = self.report_dir / ARTIFACTS
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}{suffix}"


def _with_change(result: CheckResult, change: Change | None, *, strict: bool) -> CheckResult:
    """The result, which fails if it is worse than the accepted one.

    In a strict run, a pass is undecided if that is undecided. What compares two levels of theory,
    or could not be judged at all, keeps its verdict.
    """
    result = replace(result, change=change)
    verdict = None
    if change is not None and change.verdict is ChangeVerdict.WORSE:
        kept = (Verdict.INCOMPARABLE, Verdict.ERROR, Verdict.SKIP)
        verdict = None if result.verdict in kept else Verdict.FAIL
    elif strict and change is not None and change.verdict is ChangeVerdict.UNDECIDED:
        verdict = Verdict.UNDECIDED if result.verdict is Verdict.PASS else None
    if change is None or verdict is None:
        return result
    unit = "" if result.unit == DIMENSIONLESS else f" {result.unit}"
    why = f"since the baseline: {change.explained(unit)}"
    reason = "; ".join(filter(None, (why, result.reason)))
    return replace(result, verdict=verdict, reason=reason)


def _refuse_not_json(record: Mapping[str, Any]) -> None:
    """Refuse details that the journal could not hold, while only this check is lost by it."""
    try:
        json.dumps(record["details"], allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = (
            f"the details of the {record['quantity']} cannot be written as JSON: {error}. Expected "
            "finite numbers, texts, lists and tables"
        )
        raise ReportError(msg) from error


def _refuse_not_finite(fields: Mapping[str, Any]) -> None:
    numbers = [fields.get("value", 0.0), *(fields.get("interval") or ())]
    if not all(math.isfinite(number) for number in numbers):
        msg = (
            f"the {fields.get('metric')} of the {fields['quantity']} is not a finite number "
            f"({fields.get('value')}): the predictions overflow"
        )
        raise PredictionError(msg)
