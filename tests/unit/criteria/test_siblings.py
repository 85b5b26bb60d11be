from __future__ import annotations

from dataclasses import replace

import numpy as np

from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.criteria.held_out import test_frames as frames_to_test
from ms25_suite.criteria.siblings import siblings_of_training, siblings_remark
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.metrics.errors import ErrorSummary, summarise_errors
from ms25_suite.training.manifest import TrainingDataRecord
from tests.helpers.fake_training import manifest
from tests.helpers.in_process import InProcess


def trained(data: Dataset, split: str | None) -> InProcess:
    potential = InProcess()
    record = TrainingDataRecord(sha256=data.sha256, set=1, n_train=200, split=split)
    potential.manifest = replace(manifest(), data=record)
    return potential


def errors(values: list[float]) -> ErrorSummary:
    n = len(values)
    cells = np.tile(np.eye(3), (n, 1, 1))
    frames = Frames(
        np.full(n, 29), np.zeros((n, 3)), cells, np.ones((n, 3), bool), np.arange(n + 1)
    )
    predictions = Predictions(energy=np.array(values))
    found = summarise_errors("energy", frames, Labels(energy=np.zeros(n)), predictions)
    assert found is not None
    return found


def test_frames_drawn_one_by_one_have_siblings_and_whole_trajectories_have_none() -> None:
    data = open_dataset("reaction")
    by_frame = trained(data, None)
    found = siblings_of_training(by_frame, data, frames_to_test(by_frame, data))
    assert found is not None
    assert found.mean() > 0.85
    whole = trained(data, "trajectory")
    test = frames_to_test(whole, data)
    assert not np.isin(data.trajectories[test], data.trajectories[data.splits.train()]).all()
    found = siblings_of_training(whole, data, test)
    assert found is not None
    assert not found.any()


def test_nothing_is_said_of_a_training_that_is_not_known() -> None:
    data = open_dataset("water-64")
    assert siblings_of_training(InProcess(), data, data.splits.test()) is None
    assert siblings_remark(errors([0.1]), None) is None
    assert siblings_remark(errors([0.1]), np.array([False])) is None


def test_the_remark_compares_both_kinds_of_frames() -> None:
    remark = siblings_remark(errors([0.001, 0.003, 0.008]), np.array([True, True, False]))
    assert remark is not None
    assert remark.code == "leakage"
    assert "67 % of the test frames (2 of 3)" in remark.message
    assert "error is 2 meV/atom, that of the others 8 meV/atom" in remark.message
