"""Requests and frames of trainings on a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.training.data import DEFAULT_SIZE, training_data, training_request
from tests.helpers.fake_training import FakeTrainer


@pytest.fixture(scope="module")
def hea() -> Dataset:
    return open_dataset("hea")


def test_defaults(hea: Dataset) -> None:
    request = training_request(hea, FakeTrainer())
    assert (request.architecture, request.n_train, request.set) == ("mace", DEFAULT_SIZE, 1)
    assert (request.seed, request.budget) == (0, "smoke")
    data = training_data(hea, request)
    assert (data.name, data.system, data.sha256) == ("hea", "hea", hea.sha256)
    assert len(data.train[0]) == DEFAULT_SIZE


def test_all_frames_of_a_small_dataset(cuni_images: list[Atoms], tmp_path: Path) -> None:
    roles = ("train", "train", "validation", "test")
    images = [atoms.copy() for atoms in cuni_images[:4]]
    for atoms, role in zip(images, roles, strict=True):
        atoms.info["split"] = role
    write(tmp_path / "few.extxyz", images)
    dataset = open_dataset(str(tmp_path / "few.extxyz"))
    assert training_request(dataset, FakeTrainer()).n_train == 2


def test_frames_without_a_label_are_not_trained_on(
    cuni_images: list[Atoms], tmp_path: Path
) -> None:
    images = [atoms.copy() for atoms in cuni_images[:6]]
    for atoms, role in zip(images, ["train", "train", "train", "val", "val", "test"], strict=True):
        atoms.info["split"] = role
    images[1].info["REF_energy"] = np.nan
    del images[4].arrays["REF_forces"]
    write(tmp_path / "few.extxyz", images)
    dataset = open_dataset(str(tmp_path / "few.extxyz"))
    data = training_data(dataset, training_request(dataset, FakeTrainer()))
    assert [len(frames) for frames, _ in (data.train, data.validation)] == [2, 1]
    for _, labels in (data.train, data.validation):
        assert np.isfinite(labels.energy).all()
        assert np.isfinite(labels.forces).all()


def test_what_there_is_not(hea: Dataset) -> None:
    with pytest.raises(UsageError, match="unknown training budget 'smokey'"):
        training_request(hea, FakeTrainer(), budget="smokey")
    with pytest.raises(DatasetError, match="set 99"):
        training_request(hea, FakeTrainer(), set=99)
    with pytest.raises(UsageError, match="`n_train`"):
        training_request(hea, FakeTrainer(), n=0)
