from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import DatasetError, NotJudgedError
from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.metrics.decomposition.alignment import fit_alignment
from ms25_suite.metrics.errors import ErrorSummary, summarise_errors

CONSTANTS = {28: 0.3, 29: -0.1}


def alloys(n: int, seed: int = 0) -> Frames:
    rng = np.random.default_rng(seed)
    return Frames.from_atoms([Atoms(numbers=rng.choice([28, 29], 8)) for _ in range(n)])


def shifts(frames: Frames) -> np.ndarray:
    each = np.array([CONSTANTS[z] for z in frames.numbers])
    return np.add.reduceat(each, frames.offsets[:-1])


def summary(frames: Frames, predicted: np.ndarray) -> ErrorSummary:
    forces = np.zeros((len(frames.numbers), 3))
    labels = Labels(np.zeros(len(frames)), forces, None)
    found = summarise_errors("energy", frames, labels, Predictions(predicted, forces, None))
    assert found is not None
    return found


def test_constants_are_found_and_removed() -> None:
    frames = alloys(20)
    found = fit_alignment(frames, np.zeros(20), shifts(frames), "these")
    assert found.constants.tolist() == pytest.approx([0.3, -0.1])
    assert (found.n_parameters, found.n_frames) == (2, 20)
    others = alloys(5, seed=1)
    assert found.removed(shifts(others), others) == pytest.approx(np.zeros(5), abs=1e-12)


def test_frames_without_a_label_are_left_out() -> None:
    frames = alloys(20)
    reference = np.zeros(20)
    reference[3] = np.nan
    assert fit_alignment(frames, reference, shifts(frames), "these").n_frames == 19


def test_one_composition_determines_one_sum() -> None:
    frames = Frames.from_atoms([Atoms("Ni4Cu4") for _ in range(10)])
    found = fit_alignment(frames, np.zeros(10), np.full(10, 0.8), "these")
    assert found.n_parameters == 1
    assert found.removed(np.full(10, 0.8), frames) == pytest.approx(np.zeros(10), abs=1e-12)


def test_too_few_frames_and_unknown_elements_are_refused() -> None:
    with pytest.raises(DatasetError, match="expected at least 3 for each of 2 elements"):
        fit_alignment(alloys(5), np.zeros(5), np.zeros(5), "the 5 frames")
    found = fit_alignment(alloys(20), np.zeros(20), np.zeros(20), "the 20 frames")
    gold = Frames.from_atoms([Atoms("Au")])
    with pytest.raises(NotJudgedError, match="no frame of the 20 frames has Au"):
        found.removed(np.zeros(1), gold)


def test_the_interval_contains_the_error_of_the_fit() -> None:
    """A constant that few frames fit badly moves all aligned errors together."""
    rng = np.random.default_rng(0)
    frames = alloys(100, seed=1)
    judged = rng.normal(scale=0.01, size=100)
    errors = summary(frames, judged)
    assert errors.mae.interval is not None
    few = alloys(6, seed=2)
    poor = fit_alignment(few, np.zeros(6), rng.normal(scale=0.2, size=6), "few")
    shifted = summary(frames, poor.removed(judged, frames))
    assert shifted.mae.interval is not None
    wide = poor.mae(shifted, frames)
    assert wide.value == shifted.mae.value
    assert wide.interval is not None
    narrow = shifted.mae.interval[1] - shifted.mae.interval[0]
    assert wide.interval[1] - wide.interval[0] > 2 * narrow
    many = alloys(2000, seed=3)
    good = fit_alignment(many, np.zeros(2000), rng.normal(scale=0.01, size=2000), "many")
    same = good.mae(errors, frames)
    assert same.interval is not None
    assert same.interval[1] - same.interval[0] < 1.2 * (
        errors.mae.interval[1] - errors.mae.interval[0]
    )
    assert good.mae(replace(errors, mae=replace(errors.mae, interval=None)), frames) == (
        replace(errors.mae, interval=None)
    )
