from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.criteria.without_model import fit_baseline, predict_without_model
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
