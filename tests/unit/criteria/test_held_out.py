from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.criteria.held_out import HeldOutPredictions, unseen_frames, unseen_set
from ms25_suite.datasets import Dataset
from ms25_suite.training.manifest import TrainingDataRecord
from tests.helpers.copper_data import open_crystals
from tests.helpers.fake_training import manifest
from tests.helpers.in_process import InProcess


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("data"))


def trained(data: Dataset, seen: list[int], **record: Any) -> InProcess:
    """A potential whose manifest lists some frames."""
    fingerprints = data.frames.select(seen).fingerprints()
    potential = InProcess()
    potential.manifest = replace(
        manifest(),
        seen_frames=tuple(digest.hex() for digest in fingerprints),
        data=TrainingDataRecord(**record),
    )
    return potential


def test_without_a_manifest_all_test_frames_are_used(data: Dataset) -> None:
    indices, remarks = unseen_frames(InProcess(), data)
    assert indices.tolist() == list(range(8))
    assert remarks == ()


def test_frames_of_the_training_are_left_out_with_a_remark(data: Dataset) -> None:
    indices, remarks = unseen_frames(trained(data, [0, 3]), data)
    assert indices.tolist() == [1, 2, 4, 5, 6, 7]
    assert [remark.code for remark in remarks] == ["seen-frames"]
    assert "2 of 8 test frames are left out" in remarks[0].message


def test_a_potential_that_saw_every_frame_cannot_be_judged(data: Dataset) -> None:
    with pytest.raises(DatasetError, match="trained on all 8 test frames"):
        unseen_frames(trained(data, list(range(8))), data)


def test_another_level_of_theory_is_remarked_on(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card='level_of_theory = "PBE"\n')
    _, remarks = unseen_frames(trained(data, [], level_of_theory="RPBE"), data)
    assert [remark.code for remark in remarks] == ["level-of-theory"]


def test_the_set_is_that_of_the_training_on_this_dataset(data: Dataset) -> None:
    assert unseen_set(InProcess(), data) == 1
    assert unseen_set(trained(data, [], set=3, sha256="of another file"), data) == 1
    assert unseen_set(trained(data, [], set=9, sha256=data.sha256), data) == 1


def test_a_pair_is_predicted_once(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    potential, predictions = InProcess(), HeldOutPredictions()
    first = predictions(potential, data)
    monkeypatch.setattr(InProcess, "predict", None)
    assert predictions(potential, data) is first
