"""Results as properties of a JUnit file (``--junit-xml``), a property for each number.

pytest writes ``str(value)`` of each property of a report, which for a result would be the ``repr``
of a dictionary. Readers of JUnit files get flat properties instead, with JSON values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ms25_suite.core.results import CheckResult

__all__ = ["junit_properties"]

_FIELDS: Final = (
    "value",
    "unit",
    "interval",
    "threshold",
    "threshold_source",
    "at_least",
    "verdict",
    "reason",
    "n_frames",
    "change",
)
"""Fields of each result, in this order."""

_SHARED: Final = (
    "criterion",
    "potential",
    "potential_sha256",
    "architecture",
    "dataset",
    "test_dataset",
    "tier",
    "level_of_theory",
    "stand_in",
    "incomparable",
)
"""Fields that all results of a check have in common."""


def junit_properties(results: Sequence[CheckResult]) -> list[tuple[str, str]]:
    """Names and JSON values of the properties of a check.

    The number that the check is about has ``ms25.value``, ``ms25.unit`` and so on: it is the first
    one with a verdict. All others have ``ms25.QUANTITY.METRIC.value`` and so on.

    Parameters
    ----------
    results
        Results of one check, not empty.
    """
    main = next((one for one in results if one.verdict is not None), results[0])
    record = main.to_dict()
    found = [(f"ms25.{name}", _json(record[name])) for name in (*_SHARED, "quantity", "metric")]
    for result in (main, *(one for one in results if one is not main)):
        record = result.to_dict()
        start = "ms25" if result is main else f"ms25.{result.quantity}.{result.metric}"
        found += [(f"{start}.{name}", _json(record[name])) for name in _FIELDS]
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
