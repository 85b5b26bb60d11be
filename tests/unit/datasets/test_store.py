from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from ms25_suite.core.cache import cache_dir
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets import dataset as dataset_module


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    images = []
    for index in range(40):
        atoms = bulk("Cu", cubic=True)
        if index % 2:
            atoms.info["temperature_K"] = 300 + index
        atoms.rattle(0.1, rng=rng)
        atoms.info["REF_energy"] = float(rng.normal())
        forces = rng.normal(size=(4, 3))
        atoms.arrays["REF_forces"] = forces - forces.mean(axis=0)
        images.append(atoms)
    write(tmp_path / "x.extxyz", images)
    return tmp_path / "x.extxyz"


def never(*_: object) -> None:
    msg = "the file was read again"
    raise AssertionError(msg)


def check_equal(one: Dataset, other: Dataset) -> None:
    assert one.frames.content_hash() == other.frames.content_hash()
    np.testing.assert_array_equal(one.labels.energy, other.labels.energy)
    np.testing.assert_array_equal(one.labels.forces, other.labels.forces)
    assert one.labels.stress is None
    assert other.labels.stress is None
    assert one.audit == other.audit
    assert one.label_keys == other.label_keys
    np.testing.assert_array_equal(one.splits.test(), other.splits.test())
    np.testing.assert_array_equal(one.temperatures, other.temperatures)


def test_a_file_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = open_dataset(str(path))
    monkeypatch.setattr(dataset_module, "read_content", never)
    check_equal(open_dataset(str(path)), first)
    # The content counts, not the place.
    copy = tmp_path / "copy.extxyz"
    copy.write_bytes(path.read_bytes())
    check_equal(open_dataset(str(copy)), first)


def test_the_arrays_are_memory_mapped_and_read_only(path: Path) -> None:
    opened = open_dataset(str(path))
    assert isinstance(opened.frames.positions, np.memmap)
    assert isinstance(opened.labels.forces, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        opened.frames.positions[0, 0] = 1.0


def test_another_content_is_another_entry(path: Path) -> None:
    before = open_dataset(str(path))
    path.write_text(path.read_text().replace("Cu", "Ni"))
    after = open_dataset(str(path))
    assert after.sha256 != before.sha256
    assert after.card.elements == ("Ni",)
    assert before.card.elements == ("Cu",)


@pytest.mark.parametrize("damage", ["cut", "gone", "garbage", "empty end", "other column"])
def test_a_damaged_store_is_built_again(path: Path, cache: Path, damage: str) -> None:
    first = open_dataset(str(path))
    expected = first.frames.content_hash()
    del first
    (column,) = cache.glob("datasets/*/positions.npy")
    if damage == "cut":
        column.write_bytes(column.read_bytes()[:200])
    elif damage == "gone":
        column.unlink()
    elif damage == "empty end":  # as a crash of the machine leaves it
        content = column.read_bytes()
        column.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
    elif damage == "other column":
        (column.parent / "forces.npy").replace(column)
    else:
        (column.parent / "meta.json").write_text("{")
    assert open_dataset(str(path)).frames.content_hash() == expected
    assert open_dataset(str(path)).frames.content_hash() == expected


def test_without_a_place_to_write(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = open_dataset(str(path))
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("MS25_CACHE_DIR", str(blocked))
    check_equal(open_dataset(str(path)), expected)


def test_nothing_is_left_behind_by_a_failure(path: Path, cache: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace("REF_energy=", "REF_energy=inf was=", 1))
    with pytest.raises(Exception, match="infinite in 1 of the frames"):
        open_dataset(str(path))
    assert [entry for entry in (cache / "datasets").iterdir() if entry.is_dir()] == []


def test_two_processes_at_once(path: Path) -> None:
    code = (
        "import sys; from ms25_suite.datasets import open_dataset; "
        "print(open_dataset(sys.argv[1]).frames.content_hash())"
    )
    command = [sys.executable, "-c", code, str(path)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert {out.strip() for out, _ in answers} == {open_dataset(str(path)).frames.content_hash()}
    entries = [entry for entry in cache_dir("datasets").iterdir() if entry.is_dir()]
    assert len(entries) == 1


def test_reopening_is_fast(path: Path) -> None:
    open_dataset(str(path))
    start = time.perf_counter()
    open_dataset(str(path))
    assert time.perf_counter() - start < 0.5
