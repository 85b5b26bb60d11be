"""Predictions on disk, by the content of model and frames."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials import prediction_cache
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.prediction_cache import PredictionCache
from tests.helpers.damage import damaged

FRAMES = Frames.from_atoms([bulk("Cu"), bulk("Cu", cubic=True)])
FOUND = Predictions(np.array([-3.5, -14.0]), np.arange(15.0).reshape(5, 3), None)
INFO = ModelInfo(elements=(29,), r_max=5.0, n_layers=2, n_parameters=7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path))
    return tmp_path / "predictions"


@pytest.mark.usefixtures("folder")
def test_predictions_are_found_again() -> None:
    cache = PredictionCache({"model": "a"})
    assert cache.get(FRAMES) is None
    cache.put(FRAMES, FOUND)
    found = PredictionCache({"model": "a"}).get(FRAMES)
    assert found is not None
    np.testing.assert_array_equal(found.energy, FOUND.energy)
    np.testing.assert_array_equal(found.forces, FOUND.forces)
    assert found.stress is None


@pytest.mark.usefixtures("folder")
def test_nothing_is_found_for_other_frames_models_or_revisions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    PredictionCache({"model": "a"}).put(FRAMES, FOUND)
    assert PredictionCache({"model": "a"}).get(FRAMES.select([1, 0])) is None
    assert PredictionCache({"model": "a", "dtype": "float32"}).get(FRAMES) is None
    monkeypatch.setattr(prediction_cache, "REVISION", 99)
    assert PredictionCache({"model": "a"}).get(FRAMES) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half", b"not a file of NumPy"])
def test_a_damaged_file_counts_as_absent(folder: Path, content: bytes) -> None:
    cache = PredictionCache({"model": "a"})
    cache.put(FRAMES, FOUND)
    (path,) = folder.rglob("*.npz")
    path.write_bytes(content)
    assert cache.get(FRAMES) is None
    cache.put(FRAMES, FOUND)
    assert cache.get(FRAMES) is not None


def test_every_damage_of_predictions_is_noticed(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    cache.put(FRAMES, FOUND)
    (path,) = folder.rglob("*.npz")
    for content in damaged(path.read_bytes(), 500):
        path.write_bytes(content)
        assert cache.get(FRAMES) is None
    assert len(cache.damaged) == 500
    assert set(cache.damaged) == {f"{path} is damaged: its checksum is wrong"}


def test_an_archive_that_hides_an_array_is_noticed(folder: Path) -> None:
    """One changed bit in the directory of an archive, which has no checksum of its own."""
    cache = PredictionCache({"model": "a"})
    cache.put(FRAMES, FOUND)
    (path,) = folder.rglob("*.npz")
    whole = path.read_bytes()
    hiding = 0
    for place in range(len(whole) - 450, len(whole)):
        for bit in range(8):
            content = bytearray(whole)
            content[place] ^= 1 << bit
            try:
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    names = archive.namelist()
            except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
                continue
            if "energy.npy" in names and "forces.npy" not in names:
                hiding += 1
                path.write_bytes(content)
                assert cache.get(FRAMES) is None
    assert hiding > 10


def test_entries_that_were_exchanged_are_noticed(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    other = FRAMES.select([1, 0]).select([1, 0])
    moved = Frames(other.numbers, other.positions + 0.1, other.cells, other.pbc, other.offsets)
    cache.put(FRAMES, FOUND)
    (path,) = folder.rglob("*.npz")
    cache.put(moved, FOUND)
    (second,) = set(folder.rglob("*.npz")) - {path}
    path.replace(second)
    assert cache.get(moved) is None
    assert cache.damaged


def test_predictions_of_other_shapes_are_not_used(folder: Path) -> None:
    assert FOUND.energy is not None
    assert FOUND.forces is not None
    for wrong in (
        Predictions(FOUND.energy[:1], FOUND.forces),
        Predictions(FOUND.energy, FOUND.forces[:4]),
        Predictions(FOUND.energy, None),
        Predictions(None, FOUND.forces),
        Predictions(FOUND.energy, FOUND.forces, np.zeros((2, 3))),
    ):
        cache = PredictionCache({"model": "a"})
        cache.put(FRAMES, wrong)
        assert cache.get(FRAMES) is None
        assert "does not hold predictions for its frames" in cache.damaged[0]


def test_an_entry_that_cannot_be_read_is_named(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    cache.put(FRAMES, FOUND)
    (path,) = folder.rglob("*.npz")
    path.unlink()
    path.mkdir()
    assert cache.get(FRAMES) is None
    assert str(path) in cache.damaged[0]


def test_what_is_known_of_a_potential_is_kept(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    assert cache.get_info() is None
    cache.put_info(INFO)
    assert cache.get_info() == INFO
    assert not cache.damaged


def test_every_damage_of_what_is_known_is_noticed(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    cache.put_info(INFO)
    (path,) = folder.rglob("info.json")
    for content in damaged(path.read_bytes(), 500):
        path.write_bytes(content)
        # A blank more or less changes nothing.
        assert cache.get_info() in (None, INFO)
    assert len(cache.damaged) > 450
    cache.put_info(INFO)
    # What was kept for another potential.
    other = PredictionCache({"model": "b"})
    other.put_info(ModelInfo())
    (second,) = set(folder.rglob("info.json")) - {path}
    second.write_bytes(path.read_bytes())
    assert other.get_info() is None


def test_a_cache_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match="file"):
        PredictionCache({"model": "a"}).put(FRAMES, FOUND)
