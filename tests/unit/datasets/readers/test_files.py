from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.readers.files import (
    data_suffix,
    is_data_file,
    read_images,
    stem,
    write_extxyz,
)


@pytest.mark.parametrize(
    ("name", "suffix", "base", "is_data"),
    [
        ("a.extxyz", ".extxyz", "a", True),
        ("a.b.extxyz.xz", ".extxyz.xz", "a.b", True),
        ("a.XYZ.GZ", ".XYZ.GZ", "a", True),
        ("a.traj", ".traj", "a", True),
        ("a.db", ".db", "a", True),
        ("a.traj.xz", ".traj.xz", "a", False),
        ("a.xz", ".xz", "a", False),
        ("a", "", "a", False),
        ("a.cif", ".cif", "a", False),
        (".extxyz", "", ".extxyz", False),
    ],
)
def test_names(name: str, suffix: str, base: str, is_data: bool) -> None:
    path = Path("folder") / name
    assert data_suffix(path) == suffix
    assert stem(path) == base
    assert is_data_file(path) is is_data


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


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no file"):
        list(read_images(tmp_path / "x.extxyz"))


def test_a_frame_without_atoms(tmp_path: Path) -> None:
    path = tmp_path / "x.traj"
    from ase.io import write

    write(path, [Atoms("H"), Atoms()])
    with pytest.raises(DatasetError, match="frame 1 has no atoms"):
        list(read_images(path))


def test_other_formats_of_ase_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    bulk("Cu").write(path, format="vasp")
    with pytest.raises(DatasetError, match="is not that of a dataset"):
        list(read_images(path))
    assert len(list(read_images(path, any_format=True))) == 1
