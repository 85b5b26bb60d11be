"""A recorder without pytest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ms25_suite.core.catalogue import Criterion
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.recorder import CheckRecorder


def make_recorder(
    criterion: Criterion,
    folder: Path,
    marks: Mapping[str, Threshold] | None = None,
    **context: Any,
) -> CheckRecorder:
    """Recorder of a check with the given thresholds by quantity."""
    known = marks or {}
    shared = {"dataset": "hea", "test_dataset": "hea", "potential": "x", "quantity": criterion.main}
    return CheckRecorder(
        context={"criterion": criterion.name, **shared, **context},
        thresholds=lambda name, quantity: known.get(quantity) if name == criterion.name else None,
        properties=[],
        report_dir=folder,
    )
