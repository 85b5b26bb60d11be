"""Frames with both sides of a comparison, and what is reported of it."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from ms25_suite.core.errors import DatasetError, PredictionError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames, IntArray, Labels, Predictions
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.held_out import unseen_frames
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.consistency import energy_offset, scale_mismatch
from ms25_suite.metrics.errors import (
    ErrorSummary,
    Statistic,
    components,
    per_element_force_mae,
    summarise_errors,
)
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.potential import Potential

__all__ = [
    "FrameJudge",
    "JudgedFrames",
    "describe_errors",
    "fit_baseline",
    "keep_components",
    "predict_without_model",
    "shown",
    "why_not",
]

COMPONENT_UNITS = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}


@dataclass(frozen=True, slots=True, eq=False)
class JudgedFrames:
    """Test frames of a dataset, their labels, and what a potential says of them.

    Parameters
    ----------
    indices
        Where the frames are in the dataset, shape ``(n_frames,)``.
    frames, labels, predictions
        The frames and both sides of the comparison.
    duration_s
        Time that the predictions took in seconds (little if they came from the cache).
    remarks
        Signs that potential and labels do not speak of the same thing, whatever the quantity.
    baseline
        What can be said of the frames without a model; None if that is nothing.
    """

    indices: IntArray
    frames: Frames
    labels: Labels
    predictions: Predictions
    duration_s: float
    remarks: tuple[Finding, ...] = ()
    baseline: Predictions | None = None

    def errors(self, quantity: Quantity, *, seed: int) -> ErrorSummary | None:
        """Errors of one quantity; None if labels or predictions have none of it."""
        return summarise_errors(quantity, self.frames, self.labels, self.predictions, seed=seed)

    def only(self, indices: IntArray) -> JudgedFrames:
        """Those frames that are also among the given ones of the dataset."""
        kept = np.flatnonzero(np.isin(self.indices, indices))
        offsets = self.frames.offsets
        return replace(
            self,
            indices=self.indices[kept],
            frames=self.frames.select(kept),
            labels=self.labels.select(kept, offsets),
            predictions=self.predictions.select(kept, offsets),
            baseline=None if self.baseline is None else self.baseline.select(kept, offsets),
        )


def why_not(quantity: Quantity, judged: JudgedFrames) -> str:
    """Reason why a quantity cannot be compared."""
    if getattr(judged.labels, quantity) is None:
        return f"the dataset has no {quantity} labels"
    if getattr(judged.predictions, quantity) is None:
        return f"the potential predicts no {quantity}"
    return f"no frame has a {quantity} label and is periodic in three directions"


def shown(errors: ErrorSummary, statistic: Statistic) -> dict[str, Any]:
    """Value and interval in the unit that people read, for `CheckRecorder.judge`."""
    low_high = statistic.interval
    return {
        "value": MEV_PER_EV * statistic.value,
        "interval": (
            None if low_high is None else (MEV_PER_EV * low_high[0], MEV_PER_EV * low_high[1])
        ),
        "unit": QUANTITY_UNITS[errors.quantity],
        "n_frames": errors.n_frames,
    }


def describe_errors(errors: ErrorSummary, judged: JudgedFrames) -> dict[str, Any]:
    """Worst frames, errors by element, and signs that two conventions are being compared."""
    remarks: list[Finding | None] = list(judged.remarks)
    if errors.quantity == "energy":
        remarks.append(energy_offset(judged.frames, errors.reference, errors.predicted))
    else:
        remarks.append(scale_mismatch(errors.quantity, errors.reference, errors.predicted))
    if errors.mae.interval is None:
        remarks.append(Finding("one-frame", "one frame only: the uncertainty is not known"))
    details: dict[str, Any] = {
        "worst_frames": [
            {"frame": int(judged.indices[frame]), "value": MEV_PER_EV * value}
            for frame, value in errors.worst_frames()
        ],
        "findings": [found.to_dict() for found in remarks if found is not None],
    }
    if judged.baseline is not None:
        found = components(errors.quantity, judged.frames, judged.labels, judged.baseline)
        if found is not None:
            reference, baseline, _ = found
            details["without_model"] = MEV_PER_EV * float(np.abs(baseline - reference).mean())
    if errors.quantity == "forces":
        by_element = per_element_force_mae(
            judged.frames.numbers, errors.reference, errors.predicted
        )
        details["per_element"] = {
            chemical_symbols[z]: MEV_PER_EV * mae for z, mae in by_element.items()
        }
    return details


def keep_components(recorder: CheckRecorder, errors: ErrorSummary, frames: Frames) -> str:
    """Write the compared components for the parity plot; returns the artifact's path."""
    return recorder.keep_arrays(
        errors.quantity,
        errors.reference,
        errors.predicted,
        COMPONENT_UNITS[errors.quantity],
        element=np.repeat(frames.numbers, 3) if errors.quantity == "forces" else None,
    )


def fit_baseline(dataset: Dataset) -> MeanBaseline:
    """Baseline of a dataset, fitted to all training frames of set 1.

    Raises
    ------
    DatasetError
        The dataset has no training frames, or no energies.
    """
    frames, labels = dataset.part(dataset.splits.train(set=1))
    if labels.energy is None:
        msg = f"{dataset.name} has no energies: there is no baseline of it"
        raise DatasetError(msg)
    return MeanBaseline.fit(frames, labels)


def predict_without_model(dataset: Dataset, frames: Frames) -> Predictions | None:
    """The baseline's predictions; None if the dataset has none, or the frames other elements."""
    try:
        baseline = fit_baseline(dataset)
    except DatasetError:
        return None
    return baseline.predict(frames) if set(frames.elements) <= set(baseline.elements) else None


KEPT = 8
"""Pairs that are kept: all frameworks that a potential is transferred to, and its own."""


class FrameJudge:
    """Predictions for the test frames that a potential was not trained on.

    Several checks ask for the same ones, and not every potential has a cache.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Potential, str, str], JudgedFrames] = OrderedDict()

    def __call__(self, potential: Potential, dataset: Dataset) -> JudgedFrames:
        """Test frames of a dataset, their labels, and what a potential says of them.

        Raises
        ------
        DatasetError
            The potential has seen all test frames.
        PotentialError
            It cannot predict them; frames are numbered as in the dataset.
        """
        key = (potential, dataset.name, dataset.sha256)
        if key not in self._known:
            self._known[key] = _judge(potential, dataset)
        self._known.move_to_end(key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return self._known[key]


def _judge(potential: Potential, dataset: Dataset) -> JudgedFrames:
    start = time.perf_counter()
    indices, remarks = unseen_frames(potential, dataset)
    frames, labels = dataset.part(indices)
    try:
        predictions = potential.predict(frames)
    except PredictionError as error:
        error.frames = tuple(int(indices[frame]) for frame in error.frames)
        raise
    duration = time.perf_counter() - start
    if potential.cache_problem:
        remarks = (*remarks, Finding("cache", potential.cache_problem))
    baseline = predict_without_model(dataset, frames)
    return JudgedFrames(indices, frames, labels, predictions, duration, remarks, baseline)
