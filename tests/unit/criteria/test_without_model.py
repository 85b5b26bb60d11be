from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.criteria.without_model import (
    error_without_model,
    fit_baseline,
    predict_without_model,
)
from ms25_suite.datasets import Dataset
from ms25_suite.metrics.errors import ErrorSummary, summarise_errors
from tests.helpers.copper_data import open_crystals

SPLITS = "[splits]\ntrain = 5\nvalidation = 1\n"


def test_the_baseline_is_fitted_to_the_training_frames(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card=SPLITS)
    baseline = fit_baseline(data)
    frames, labels = data.part(data.splits.train(set=1))
    errors = baseline.predict(frames).energy - labels.energy
    # Least squares with one energy for each element: what is left has no trend with the numbers.
    counts = np.array([np.sum(frames.numbers[frames.frame_of_atom == i] == 29) for i in range(5)])
    assert abs(np.dot(errors, counts)) < 1e-8


def test_without_training_frames_there_is_no_baseline(tmp_path: Path) -> None:
    data = open_crystals(tmp_path)
    with pytest.raises(DatasetError):
        fit_baseline(data)
    assert predict_without_model(data, data.frames) is None


def test_other_elements_have_no_baseline(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card=SPLITS)
    assert predict_without_model(data, data.frames) is not None
    assert predict_without_model(data, Frames.from_atoms([bulk("Al")])) is None


def _errors(data: Dataset, quantity: Quantity, predictions: Predictions) -> ErrorSummary:
    found = summarise_errors(quantity, data.frames, data.labels, predictions)
    assert found is not None
    return found


def _constant(data: Dataset) -> Predictions:
    """The constants that fit the frames best: what a lucky potential without information has."""
    n_atoms = data.frames.n_atoms
    return Predictions(
        np.median(data.labels.energy / n_atoms) * n_atoms,
        np.zeros((len(data.frames.numbers), 3)),
        np.tile(np.median(data.labels.stress, axis=0), (len(data), 1)),
    )


@pytest.mark.parametrize("quantity", ["energy", "forces", "stress"])
def test_no_constant_is_better_than_no_model(tmp_path: Path, quantity: Quantity) -> None:
    data = open_crystals(tmp_path, n=20)
    for prediction in (_constant(data), Predictions(*(0 * x for x in _arrays(data)))):
        errors = _errors(data, quantity, prediction)
        scale = error_without_model(errors, data.frames, data.labels, None)
        assert scale is not None
        assert 0 < scale <= errors.mae.value * (1 + 1e-12)


def _arrays(data: Dataset) -> tuple[FloatArray, ...]:
    return data.labels.energy, data.labels.forces, data.labels.stress  # type: ignore[return-value]


def test_constants_are_not_fitted_to_few_frames(tmp_path: Path) -> None:
    """An energy for each of two elements describes two frames exactly, and nothing of them."""
    data = open_crystals(tmp_path, n=2)
    predictions = _constant(data)
    energy = _errors(data, "energy", predictions)
    assert error_without_model(energy, data.frames, data.labels, None) is None
    stress = _errors(data, "stress", predictions)
    zero = np.abs(data.labels.stress).mean()
    assert error_without_model(stress, data.frames, data.labels, None) == pytest.approx(zero)


def test_the_baseline_of_the_training_frames_counts_too(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card=SPLITS)
    frames, labels = data.part(data.splits.test(set=1))
    baseline = predict_without_model(data, frames)
    errors = summarise_errors(
        "energy",
        frames,
        labels,
        Predictions(*_arrays(data)).select(data.splits.test(set=1), data.frames.offsets),
    )
    assert errors is not None
    expected = np.abs(baseline.energy - labels.energy) / frames.n_atoms
    found = error_without_model(errors, frames, labels, baseline)
    assert found == pytest.approx(expected.mean())
