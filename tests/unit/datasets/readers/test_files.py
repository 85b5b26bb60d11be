from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.readers.files import (
    data_suffix,
    is_data_file,
    read_images,
    stem,
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


@pytest.mark.parametrize("name", ["pipe.extxyz", "pipe.traj", "pipe.other"])
def test_a_named_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DatasetError, match="expected a file, found a named pipe"):
        list(read_images(tmp_path / name, any_format=True))
