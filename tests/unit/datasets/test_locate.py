from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.core.errors import CardError, DatasetError, UnknownDatasetError
from ms25_suite.datasets import open_dataset


def make_frames(n: int, seed: int = 0) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(n):
        atoms = bulk("NaCl", "rocksalt", a=5.6)
        atoms.rattle(0.1, rng=rng)
        atoms.info["REF_energy"] = float(rng.normal(-7.0, 0.1))
        force = rng.normal(size=3)
        atoms.arrays["REF_forces"] = np.array([force, -force])
        atoms.info["REF_stress"] = rng.normal(0.0, 0.01, 6)
        images.append(atoms)
    return images


@pytest.fixture
def images() -> list[Atoms]:
    return make_frames(12)


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ("hae", r"unknown dataset 'hae'.* Did you mean 'hea'\? Built-in datasets: .*hea"),
        ("HEAA", "Did you mean 'hea'"),
        ("qqqq", r"unknown dataset 'qqqq'\. Built-in datasets: "),
        ("data/none.extxyz", "there is no file or folder data/none.extxyz"),
        ("", "the name of the dataset is empty"),
        ("  ", "the name of the dataset is empty"),
    ],
)
def test_unknown_names(spec: str, match: str) -> None:
    with pytest.raises(UnknownDatasetError, match=match):
        open_dataset(spec)


def test_a_misspelled_file(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "salt.extxyz", images)
    with pytest.raises(UnknownDatasetError, match=r"Did you mean 'salt\.extxyz'\?"):
        open_dataset(str(tmp_path / "slat.extxyz"))


def test_empty_folders_and_wrong_lists(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no files of frames"):
        open_dataset(str(tmp_path))
    (tmp_path / "a.toml").write_text("")
    (tmp_path / "b.toml").write_text("")
    with pytest.raises(DatasetError, match="open a card or a folder alone"):
        open_dataset(f"{tmp_path / 'a.toml'},{tmp_path / 'b.toml'}")
    with pytest.raises(UnknownDatasetError, match="there is no file or folder"):
        open_dataset(f"{tmp_path / 'a.toml'},{tmp_path / 'c.extxyz'}")
    with pytest.raises(CardError, match="`files` is missing"):
        open_dataset(str(tmp_path / "a.toml"))


def test_cards_that_do_not_fit_their_file(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.extxyz", images)
    card = tmp_path / "x.toml"
    card.write_text('files = ["y.extxyz"]')
    with pytest.raises(CardError, match=r"lies beside .*x\.extxyz, but describes .*y\.extxyz"):
        open_dataset(str(tmp_path / "x.extxyz"))
    with pytest.raises(CardError, match=r"there is no file .*y\.extxyz"):
        open_dataset(str(card))
    card.write_text('elements = ["Na"]')
    with pytest.raises(CardError, match="elements of the card are Na, but the frames also hold Cl"):
        open_dataset(str(card))
    card.write_text("[splits]\ntrain = 100")
    with pytest.raises(CardError, match=r"needs train = 100, .* but there are 12 frames"):
        open_dataset(str(card))


@pytest.mark.parametrize("name", ["x.extxyz", "x.toml", "x.db"])
@pytest.mark.parametrize("kind", ["a named pipe", "a device", "a link to nowhere"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    match kind:
        case "a named pipe":
            os.mkfifo(path)
        case "a device":
            path.symlink_to("/dev/zero")
        case _:
            path.symlink_to("nowhere")
    with pytest.raises(DatasetError, match=f"cannot read the dataset .* found {kind}"):
        open_dataset(str(path))


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(UnknownDatasetError, match="cannot be the path of a file: File name too"):
        open_dataset("a" * 5000)
    with pytest.raises(UnknownDatasetError, match=r"there is no file or folder b\.extxyz"):
        open_dataset(",".join(["b.extxyz"] * 500))


def test_a_path_beside_the_files_of_a_split_is_no_sample(
    tmp_path: Path, images: list[Atoms]
) -> None:
    for role, part in (("train", images[:6]), ("val", images[6:8]), ("test", images[8:10])):
        write(tmp_path / f"{role}.extxyz", part)
    write(tmp_path / "neb.extxyz", images[10:])
    dataset = open_dataset(str(tmp_path))
    assert [len(part) for part in dataset.splits.parts[0]] == [6, 2, 2]
    assert len(dataset) == 10


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("train", "test", "more"), "more.extxyz does not"),
        (("train", "val", "test", "train-1000"), "several sizes"),
        (("train-1000",), "all files are for training"),
        (("train", "neb"), "all files are for training"),
        (("set1_train", "set1_test", "set2_train", "set2_test"), "several sets"),
    ],
)
def test_a_folder_whose_test_frames_are_not_clear(
    tmp_path: Path, images: list[Atoms], names: tuple[str, ...], problem: str
) -> None:
    for position, name in enumerate(names):
        write(tmp_path / f"{name}.extxyz", images[2 * position : 2 * position + 2])
    with pytest.raises(DatasetError, match=rf"{problem}.*ms25 data archive"):
        open_dataset(str(tmp_path))


def test_a_card_without_a_split_does_not_hide_what_names_say(
    tmp_path: Path, images: list[Atoms]
) -> None:
    write(tmp_path / "train.extxyz", images[:8])
    write(tmp_path / "test.extxyz", images[8:])
    (tmp_path / "card.toml").write_text('level_of_theory = "PBE"')
    assert [len(part) for part in open_dataset(str(tmp_path)).splits.parts[0]] == [8, 0, 4]
