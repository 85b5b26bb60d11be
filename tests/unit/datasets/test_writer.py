from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.files import CardFile
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.writer import card_path, write_card, write_extxyz


@pytest.fixture
def images() -> list[Atoms]:
    images = []
    for index in range(5):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=index)
        atoms.info["REF_energy"] = -1.0 / (index + 3)
        atoms.info["REF_stress"] = np.arange(6) / 7
        atoms.arrays["REF_forces"] = np.full((4, 3), 1 / 3)
        images.append(atoms)
    return images


@pytest.mark.parametrize("suffix", [".extxyz", ".extxyz.xz", ".xyz.gz"])
def test_the_same_frames_give_the_same_bytes(
    tmp_path: Path, images: list[Atoms], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    assert write_extxyz(one, images) == 5
    monkeypatch.setattr("time.time", lambda: 1.0)
    write_extxyz(other, iter(images))
    assert one.read_bytes() == other.read_bytes()
    back = list(read_images(one))
    assert [atoms.info["REF_energy"] for atoms in back] == [-1.0 / (i + 3) for i in range(5)]
    np.testing.assert_array_equal(back[0].info["REF_stress"], np.arange(6) / 7)
    np.testing.assert_allclose(back[4].positions, images[4].positions, rtol=0, atol=1e-8)
    np.testing.assert_allclose(back[4].arrays["REF_forces"], 1 / 3, rtol=0, atol=1e-8)


def test_ase_reads_what_is_written(tmp_path: Path, images: list[Atoms]) -> None:
    write_extxyz(tmp_path / "x.extxyz.xz", images)
    assert len(read(tmp_path / "x.extxyz.xz", index=":")) == 5


def test_writing_refuses_other_formats(tmp_path: Path, images: list[Atoms]) -> None:
    with pytest.raises(DatasetError, match=r"ends in one of \.extxyz, \.extxyz\.xz"):
        write_extxyz(tmp_path / "x.traj", images)


def test_a_written_card_reads_the_same(tmp_path: Path) -> None:
    path = card_path(tmp_path / "mine.extxyz.xz")
    assert path == tmp_path / "mine.toml"
    write_card(
        path,
        {
            "title": 'a "quoted" \\ Å',
            "elements": ("Cu", "Ni"),
            "cutoff": 5.5,
            "stand_in": False,
            "citation": None,
            "files": [{"path": "mine.extxyz.xz", "sha256": "b" * 64}],
            "thresholds": {"energy": {"value": 1.5, "unit": "meV/atom"}},
            "splits": {"train": 3, "train_sizes": [1, 3]},
        },
    )
    card = DatasetCard.from_file(path)
    assert card.title == 'a "quoted" \\ Å'
    assert card.elements == ("Cu", "Ni")
    assert card.splits.train_sizes == (1, 3)
    assert card.thresholds == {"energy": {"value": 1.5, "unit": "meV/atom"}}
    assert card.files[0].sha256 == "b" * 64


SHA = "a" * 64


def test_written_tables_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    write_card(
        path,
        {
            "name": "mine",
            "eos": {"files": [{"path": "a.extxyz", "sha256": SHA}, "b.extxyz"]},
            "neb": {"barrier": 0.5, "path": {"path": "c.extxyz", "sha256": SHA}},
        },
    )
    card = DatasetCard.from_file(path)
    assert card.eos is not None
    assert card.neb is not None
    assert card.eos.files == (CardFile(tmp_path / "a.extxyz", SHA), CardFile(tmp_path / "b.extxyz"))
    assert card.neb.path == (CardFile(tmp_path / "c.extxyz", SHA),)
