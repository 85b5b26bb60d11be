"""Training curves: the epochs that a training reports in a file of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, Labels, Predictions

__all__ = [
    "ERROR_NAMES",
    "EpochReport",
    "LineFollower",
    "append_line",
    "curve_of",
    "drop_half_line",
    "errors_at",
    "validation_errors",
]

ERROR_NAMES: Final = tuple(
    f"{quantity}_{metric}"
    for quantity in ("energy", "forces", "stress")
    for metric in ("rmse", "mae")
)
"""Names of the validation errors of an epoch."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """Validation after one epoch.

    Parameters
    ----------
    epoch
        Number of the epoch, counted from 1.
    loss
        Validation loss, in units that depend on the architecture.
    errors
        Validation errors: ``energy_rmse`` and ``energy_mae`` (eV/atom), ``forces_rmse`` and
        ``forces_mae`` (eV/Å), and ``stress_rmse`` and ``stress_mae`` (eV/Å^3) where frames have
        a stress.
    """

    epoch: int
    loss: float
    errors: dict[str, float]


class LineFollower:
    """Reads the new complete lines of a file while another process writes it.

    A last line without a line end is left for the next call. A line that is not a JSON object is
    skipped: a killed process may leave one in the middle of the file.

    Parameters
    ----------
    path
        The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def read(self) -> list[dict[str, Any]]:
        """Records that were written since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                text = file.read()
        except FileNotFoundError:
            return []
        # A line without its end is still being written.
        end = text.rfind(b"\n") + 1
        self._position += end
        records = []
        for line in text[:end].splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records


def drop_half_line(path: Path) -> None:
    """Remove an incomplete last line, which a killed process may have left."""
    if not path.is_file():
        return
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with path.open("r+b") as file:
            file.truncate(end)


def curve_of(reports: Iterable[EpochReport]) -> dict[str, list[float]]:
    """Training curve as lists of equal length, with the names and units of `EpochReport`.

    If an epoch ran twice, before a kill and again after it, the later report is used.
    """
    latest = {report.epoch: report for report in reports}
    ordered = [latest[epoch] for epoch in sorted(latest)]
    # Only errors that every epoch has, so that all lists have one length.
    names = [
        name
        for name in dict.fromkeys(name for report in ordered for name in report.errors)
        if all(name in report.errors for report in ordered)
    ]
    curve: dict[str, list[float]] = {
        "epoch": [float(report.epoch) for report in ordered],
        "loss": [report.loss for report in ordered],
    }
    curve.update({name: [report.errors[name] for report in ordered] for name in names})
    return curve


def errors_at(curve: Mapping[str, Sequence[float]], epoch: int) -> dict[str, float]:
    """Validation errors of one epoch of a training curve.

    Raises
    ------
    ValueError
        The curve has no such epoch.
    """
    at = curve["epoch"].index(float(epoch))
    return {name: values[at] for name, values in curve.items() if name not in ("epoch", "loss")}


def validation_errors(frames: Frames, labels: Labels, predictions: Predictions) -> dict[str, float]:
    """Root mean square and mean absolute errors, with the names and units of `EpochReport`."""
    found: dict[str, float] = {}

    def add(name: str, difference: FloatArray) -> None:
        found[f"{name}_rmse"] = float(np.sqrt(np.mean(difference**2)))
        found[f"{name}_mae"] = float(np.mean(np.abs(difference)))

    if labels.energy is not None and predictions.energy is not None:
        # Energies per atom, forces and stresses by component: MS25, equations 1 and 2.
        add("energy", (predictions.energy - labels.energy) / frames.n_atoms)
    if labels.forces is not None and predictions.forces is not None:
        add("forces", predictions.forces - labels.forces)
    if labels.stress is not None and predictions.stress is not None:
        both = np.isfinite(labels.stress) & np.isfinite(predictions.stress)
        if both.any():
            add("stress", (predictions.stress - labels.stress)[both])
    return found


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record to a file of JSON lines."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, allow_nan=False) + "\n")
