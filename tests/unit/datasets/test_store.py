from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from ms25_suite.core.cache import cache_dir
from ms25_suite.core.sealed import DamagedError
from ms25_suite.datasets import Dataset, open_dataset, store
from ms25_suite.datasets import dataset as dataset_module
from tests.helpers.damage import damaged


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
    repaired = open_dataset(str(path))
    assert repaired.frames.content_hash() == expected
    (remark,) = repaired.remarks
    assert remark.code == "damaged-store"
    assert str(column.parent) in remark.message
    again = open_dataset(str(path))
    assert again.frames.content_hash() == expected
    assert not again.remarks


def test_every_damage_of_the_store_is_noticed(path: Path, cache: Path) -> None:
    first = open_dataset(str(path))
    (folder,) = (entry for entry in cache.glob("datasets/*") if entry.is_dir())
    files = sorted(folder.iterdir())
    assert len(files) > 10
    for number, file in enumerate(files):
        whole = file.read_bytes()
        for content in damaged(whole, 30, seed=number):
            # Another file, as a rename gives it: the first is still mapped.
            file.unlink()
            file.write_bytes(content)
            try:
                found = store._load(folder)
            except DamagedError as error:
                assert str(folder) in str(error)  # noqa: PT017
                continue
            # Blanks in the JSON.
            assert file.name == "meta.json"
            assert found is not None
            assert found.label_keys == first.label_keys
            assert found.answers
        file.unlink()
        file.write_bytes(whole)
    assert store._load(folder) is not None


def test_a_changed_block_of_labels_is_noticed(path: Path, cache: Path) -> None:
    first = open_dataset(str(path))
    expected = np.array(first.labels.forces)
    del first
    (column,) = cache.glob("datasets/*/forces.npy")
    with column.open("r+b") as file:
        file.seek(column.stat().st_size // 2 // 8 * 8)
        file.write(np.full(16, 100.0).tobytes())
    np.testing.assert_array_equal(open_dataset(str(path)).labels.forces, expected)


def test_entries_of_two_files_that_were_exchanged(path: Path, cache: Path, tmp_path: Path) -> None:
    expected = open_dataset(str(path)).frames.content_hash()
    (folder,) = (entry for entry in cache.glob("datasets/*") if entry.is_dir())
    other = tmp_path / "y.extxyz"
    other.write_text(path.read_text().replace("Cu", "Ni"))
    open_dataset(str(other))
    (second,) = {entry for entry in cache.glob("datasets/*") if entry.is_dir()} - {folder}
    shutil.rmtree(folder)
    second.rename(folder)
    assert open_dataset(str(path)).frames.content_hash() == expected


def test_what_a_killed_writer_left_is_removed(path: Path, cache: Path) -> None:
    open_dataset(str(path))
    (folder,) = (entry for entry in cache.glob("datasets/*") if entry.is_dir())
    folder.rename(folder.with_name(f".{folder.name[:12]}-left"))
    open_dataset(str(path))
    assert [entry for entry in cache.glob("datasets/*") if entry.is_dir()] == [folder]


def test_an_entry_that_is_replaced_while_it_is_mapped(path: Path, cache: Path) -> None:
    first = open_dataset(str(path))
    expected = first.frames.content_hash()
    (column,) = cache.glob("datasets/*/positions.npy")
    (column.parent / "meta.json").write_text("{")
    second = open_dataset(str(path))
    shutil.rmtree(column.parent)
    assert first.frames.content_hash() == second.frames.content_hash() == expected


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


def test_inputs_are_stored_and_read_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = []
    for index in range(4):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=index)
        atoms.info.update(REF_energy=-1.0, q=index - 1, phase="solid")
        atoms.set_initial_magnetic_moments([1.0, 0.0, 0.0, float(index)])
        images.append(atoms)
    write(tmp_path / "x.extxyz", images)
    card = tmp_path / "x.toml"
    card.write_text(
        'files = ["x.extxyz"]\n[inputs]\ntotal_charge = "q"\n'
        '[inputs.phase]\nkey = "phase"\nunit = "1"\n'
    )
    first = open_dataset(str(card))
    monkeypatch.setattr(dataset_module, "read_content", never)
    again = open_dataset(str(card))
    for found in (first, again):
        assert found.frames.inputs["total_charge"].values.tolist() == [-1.0, 0.0, 1.0, 2.0]
        assert found.frames.inputs["phase"].values.tolist() == ["solid"] * 4
        assert found.frames.inputs["initial_magmoms"].values[-1] == 3.0
        assert found.part([2])[0].atoms(0).info["charge"] == 1
    assert first.frames.content_hash() == again.frames.content_hash()


def test_a_card_that_names_other_inputs_is_read_anew(tmp_path: Path) -> None:
    atoms = bulk("Cu")
    atoms.info.update(REF_energy=-1.0, q=1)
    write(tmp_path / "x.extxyz", atoms)
    assert "total_charge" not in open_dataset(str(tmp_path / "x.extxyz")).frames.inputs
    (tmp_path / "x.toml").write_text('[inputs]\ntotal_charge = "q"\n')
    assert "total_charge" in open_dataset(str(tmp_path / "x.extxyz")).frames.inputs
