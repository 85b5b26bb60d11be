"""Properties that belong to concatenated structures."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import Frames, Labels, Predictions


def properties(frames: Frames) -> Predictions:
    """Each number names its frame or its atom."""
    n, atoms = len(frames), len(frames.numbers)
    stress = np.repeat(np.arange(n, dtype=float)[:, None], 6, axis=1)
    stress[1] = np.nan
    forces = np.repeat(np.arange(atoms, dtype=float)[:, None], 3, axis=1)
    return Predictions(np.arange(n, dtype=float), forces, stress)


def test_properties_follow_their_frames(frames: Frames) -> None:
    found = properties(frames).select([2, 0], frames.offsets)
    assert found.energy.tolist() == [2.0, 0.0]
    assert found.forces[:, 0].tolist() == [5.0, 6.0, 7.0, 8.0, 0.0, 1.0]
    assert found.stress[:, 0].tolist() == [2.0, 0.0]
    assert isinstance(found, Predictions)
    assert Labels().select([0], frames.offsets).energy is None


def test_a_row_of_nan_is_no_stress(frames: Frames) -> None:
    assert properties(frames).has_stress.tolist() == [True, False, True]
    assert Predictions().has_stress is None


def test_one_component_that_is_not_finite_is_no_forces_of_its_frame(frames: Frames) -> None:
    found = properties(frames)
    assert found.has_forces(frames.offsets).tolist() == [True, True, True]
    last_of_the_second = int(frames.offsets[2]) - 1
    for value in (np.nan, np.inf):
        found.forces[last_of_the_second, 2] = value
        assert found.has_forces(frames.offsets).tolist() == [True, False, True]
    assert Predictions().has_forces(frames.offsets) is None


def test_predictions_of_groups_are_joined(frames: Frames) -> None:
    whole = properties(frames)
    parts = [whole.select([0], frames.offsets), whole.select([1, 2], frames.offsets)]
    found = Predictions.concatenate(parts)
    np.testing.assert_array_equal(found.forces, whole.forces)
    np.testing.assert_array_equal(found.stress, whole.stress)
    without = Predictions.concatenate([parts[0], Predictions(parts[1].energy, parts[1].forces)])
    assert without.stress is None
    assert without.energy.tolist() == [0.0, 1.0, 2.0]
