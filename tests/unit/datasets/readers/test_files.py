from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.files import (
    data_suffix,
    is_data_file,
    read_images,
    stem,
)
from ms25_suite.datasets.readers.labels import find_labels


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


HEADER = 'Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3 {}'


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('stress="1 2 3 4 5 6"', "stress", [1, 2, 3, 4, 5, 6]),
        ('virial="1 2 3 4 5 6" energy=1', "virial", [1, 2, 3, 4, 5, 6]),
        ('energy=1 stress="1 6 5 6 2 4 5 4 3"', "stress", [1, 2, 3, 4, 5, 6]),
        ('stress={1 2 3 4 5 6} virial="1 6 5 6 2 4 5 4 3"', "stress", [1, 2, 3, 4, 5, 6]),
        ('stress="nan nan nan nan nan nan"', "stress", [np.nan] * 6),
    ],
)
def test_stress_of_six_numbers(tmp_path: Path, text: str, key: str, expected: list[float]) -> None:
    path = tmp_path / "a.xyz"
    path.write_text(f"1\n{HEADER.format(text)}\nCu 0 0 0\n")
    (atoms,) = read_images(path)
    values = {**atoms.info, **(atoms.calc.results if atoms.calc else {})}
    np.testing.assert_array_equal(values[key], expected)


@pytest.mark.parametrize("text", ["None", "none", "null", "N/A", "nan"])
def test_a_word_for_nothing_is_a_missing_label(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xyz"
    header = HEADER.format(f"energy=1 stress={text} virial={text} free_energy={text} note=none")
    path.write_text(f"1\n{header}\nCu 0 0 0\n")
    (atoms,) = read_images(path)
    assert atoms.info["note"] == "none"
    found = find_labels([atoms], LabelKeys(), "a.xyz")
    assert found.labels.stress is None
    assert found.keys == {"energy": "energy"}


@pytest.mark.parametrize("text", ['stress="1 2 3"', "stress=5", "virial=5", "virial=low"])
def test_a_stress_of_another_size_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xyz"
    path.write_text(f"1\n{HEADER.format(f'energy=1 {text}')}\nCu 0 0 0\n")
    with pytest.raises(LabelError, match="of frame 0 must have shape"):
        find_labels(list(read_images(path)), LabelKeys(), "a.xyz")


@pytest.mark.parametrize("name", ["pipe.extxyz", "pipe.traj", "pipe.other"])
def test_a_named_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DatasetError, match="expected a file, found a named pipe"):
        list(read_images(tmp_path / name, any_format=True))
