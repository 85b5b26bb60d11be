"""From measured numbers to recorded results."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.cache import atomic_path, content_key
from ms25_suite.core.errors import PredictionError, ThresholdError
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold, judge

__all__ = ["ARTIFACTS", "RESULT_PROPERTY", "CheckRecorder"]

RESULT_PROPERTY = "ms25_result"
"""Name under which a result travels in the ``user_properties`` of a pytest report."""

ARTIFACTS = "artifacts"
"""Folder of arrays inside the report folder."""

MAX_COMPONENTS = 250_000
"""Components kept for a parity plot: more cannot be told apart in a picture."""


@dataclass(slots=True)
class CheckRecorder:
    """Collects the results of one check.

    Parameters
    ----------
    context
        Fields that all results of the check share (criterion, dataset, potential, …).
    properties
        ``user_properties`` of the pytest item; results travel there, also between processes.
    report_dir
        Report folder, for the arrays behind a number.
    """

    context: Mapping[str, Any]
    properties: list[tuple[str, object]]
    report_dir: Path
    results: list[CheckResult] = field(default_factory=list)

    def measure(self, **fields: Any) -> CheckResult:
        """Record a number of which nothing is asked.

        Raises
        ------
        PredictionError
            The number is not finite: the potential exploded.
        """
        numbers = [fields.get("value", 0.0), *(fields.get("interval") or ())]
        if not all(math.isfinite(number) for number in numbers):
            msg = (
                f"the {fields.get('metric')} of the {self.context['quantity']} is not a finite "
                f"number ({fields.get('value')}): the predictions are absurdly large"
            )
            raise PredictionError(msg)
        result = CheckResult(**{**self.context, **fields})
        self.results.append(result)
        self.properties.append((RESULT_PROPERTY, result.to_dict()))
        return result

    def judge(
        self,
        threshold: Threshold | None,
        *,
        value: float,
        interval: tuple[float, float] | None,
        **fields: Any,
    ) -> CheckResult:
        """Record a number and what its threshold says of it.

        Raises
        ------
        PredictionError
            The number is not finite.
        ThresholdError
            The threshold is for another metric or unit.
        """
        if threshold is not None and (threshold.unit, threshold.metric) != (
            fields["unit"],
            fields["metric"],
        ):
            msg = (
                f"a threshold for the {threshold.metric} in {threshold.unit} cannot judge the "
                f"{fields['metric']} in {fields['unit']}"
            )
            raise ThresholdError(msg)
        if threshold is None:
            return self.measure(value=value, interval=interval, **fields)
        return self.measure(
            value=value,
            interval=interval,
            threshold=threshold.value,
            threshold_source=threshold.source,
            at_least=threshold.at_least,
            verdict=judge(value, interval, threshold),
            **fields,
        )

    def refuse(self, reason: str, **fields: Any) -> CheckResult:
        """Record that there is no number because the potential failed before it came to one."""
        return self.measure(verdict=Verdict.FAIL, reason=reason, **fields)

    def keep_arrays(
        self,
        quantity: str,
        reference: FloatArray,
        predicted: FloatArray,
        unit: str,
        element: IntArray | None = None,
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
        """
        target = self.file_of(quantity, ".npz")
        step = -(-len(reference) // MAX_COMPONENTS)
        arrays: dict[str, Any] = {
            "reference": reference[::step],
            "predicted": predicted[::step],
            "unit": np.array(unit),
        }
        if element is not None:
            arrays["element"] = element[::step]
        with atomic_path(target) as path, path.open("wb") as file:
            np.savez_compressed(file, **arrays)
        return f"{ARTIFACTS}/{target.name}"

    def file_of(self, what: str, suffix: str) -> Path:
        """File in the folder of artifacts, which is created, that only this check writes."""
        keys = ("criterion", "dataset", "test_dataset", "potential")
        parts = [str(self.context[key]) for key in keys] + [what]
        # Different names may look alike once they are fit for a file.
        digest = content_key({"parts": parts})[:8]
        shown = [parts[0], parts[2], parts[3], what, digest]
        name = "-".join(re.sub(r"[^\w.+-]+", "_", part) for part in shown)
        folder = self.report_dir / ARTIFACTS
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}{suffix}"

    def failed(self, *, strict: bool) -> list[CheckResult]:
        """Results that let the check fail."""
        bad = {Verdict.FAIL, Verdict.ERROR} | ({Verdict.UNDECIDED} if strict else set())
        return [result for result in self.results if result.verdict in bad]
