"""From measured numbers to recorded results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.criteria import Threshold, judge
from ms25_suite.frames import FloatArray, IntArray
from ms25_suite.results import CheckResult, Verdict

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
        """Record a number of which nothing is asked."""
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
        """Record a number and what its threshold says of it."""
        if threshold is None:
            return self.measure(value=value, interval=interval, **fields)
        return self.measure(
            value=value,
            interval=interval,
            threshold=threshold.value,
            threshold_source=threshold.source,
            verdict=judge(value, interval, threshold),
            **fields,
        )

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
        parts = (self.context[key] for key in ("criterion", "test_dataset", "potential"))
        name = "-".join(re.sub(r"[^\w.+-]+", "_", str(part)) for part in (*parts, quantity))
        folder = self.report_dir / ARTIFACTS
        folder.mkdir(parents=True, exist_ok=True)
        step = -(-len(reference) // MAX_COMPONENTS)
        arrays: dict[str, Any] = {
            "reference": reference[::step],
            "predicted": predicted[::step],
            "unit": np.array(unit),
        }
        if element is not None:
            arrays["element"] = element[::step]
        np.savez_compressed(folder / f"{name}.npz", **arrays)
        return f"{ARTIFACTS}/{name}.npz"

    def failed(self, *, strict: bool) -> list[CheckResult]:
        """Results that let the check fail."""
        bad = {Verdict.FAIL, Verdict.ERROR} | ({Verdict.UNDECIDED} if strict else set())
        return [result for result in self.results if result.verdict in bad]
