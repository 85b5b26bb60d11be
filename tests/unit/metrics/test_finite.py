"""Predictions for frames of which some have no finite one."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.finite import energies_and_forces, predict_finite
from tests.helpers.emt_path import emt
from tests.helpers.three_metals import without


def test_what_has_finite_numbers_is_predicted(frames: Frames) -> None:
    whole = emt(frames)
    found, finite = predict_finite(without(13, 29), frames)
    assert finite.tolist() == [False, True, False]
    assert np.isnan(found.energy[[0, 2]]).all()
    assert found.energy[1] == whole.energy[1]
    np.testing.assert_array_equal(found.forces[4:8], whole.forces[4:8])
    assert np.isnan(found.forces[:4]).all()
    assert not predict_finite(without(13, 28, 29), frames)[1].any()


def test_other_errors_pass_through(frames: Frames) -> None:
    def predict(frames: Frames) -> Predictions:
        msg = "no such luck"
        raise PredictionError(msg)

    with pytest.raises(PredictionError, match="no such luck"):
        predict_finite(predict, frames)


def test_a_prediction_without_failure_is_made_once(frames: Frames) -> None:
    calls: list[int] = []

    def predict(frames: Frames) -> Predictions:
        calls.append(len(frames))
        return emt(frames)

    found, finite = predict_finite(predict, frames)
    assert calls == [3]
    assert finite.all()
    assert found.stress is None


def test_energies_and_forces() -> None:
    energy, forces = np.zeros(1), np.zeros((2, 3))
    found = energies_and_forces(Predictions(energy, forces))
    assert found[0] is energy
    assert found[1] is forces
    for incomplete in (Predictions(energy), Predictions(forces=forces)):
        with pytest.raises(ValueError, match="with energies and forces, found one of them missing"):
            energies_and_forces(incomplete)
