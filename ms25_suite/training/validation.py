"""Validation errors of training scripts of our own, as they are written line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.frames import FloatArray, Frames, Labels, Predictions
from ms25_suite.training.follow import EpochReport

__all__ = ["append_line", "epoch_report", "validation_errors"]

_NAMES: Final = tuple(
    f"{quantity}_{metric}"
    for quantity in ("energy", "forces", "stress")
    for metric in ("rmse", "mae")
)


def validation_errors(frames: Frames, labels: Labels, predictions: Predictions) -> dict[str, float]:
    """Root mean square and mean absolute errors, with the names and units of `EpochReport`."""
    found: dict[str, float] = {}

    def add(name: str, difference: FloatArray) -> None:
        found[f"{name}_rmse"] = float(np.sqrt(np.mean(difference**2)))
        found[f"{name}_mae"] = float(np.mean(np.abs(difference)))

    if labels.energy is not None and predictions.energy is not None:
        add("energy", (predictions.energy - labels.energy) / frames.n_atoms)
    if labels.forces is not None and predictions.forces is not None:
        add("forces", predictions.forces - labels.forces)
    if labels.stress is not None and predictions.stress is not None:
        both = np.isfinite(labels.stress) & np.isfinite(predictions.stress)
        if both.any():
            add("stress", (predictions.stress - labels.stress)[both])
    return found


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Add a line of JSON to a file; a reader sees it as a whole or not at all."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, allow_nan=False) + "\n")


def epoch_report(record: Mapping[str, Any]) -> EpochReport | None:
    """Report of an epoch from a line with ``epoch``, ``loss`` and validation errors."""
    if not {"epoch", "loss"} <= record.keys():
        return None
    errors = {name: float(record[name]) for name in _NAMES if name in record}
    return EpochReport(int(record["epoch"]), float(record["loss"]), errors)
