"""Predictions on disk, by the content of model and frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials import prediction_cache
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.prediction_cache import PredictionCache

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


def test_what_is_known_of_a_potential_is_kept(folder: Path) -> None:
    cache = PredictionCache({"model": "a"})
    assert cache.get_info() is None
    cache.put_info(INFO)
    assert cache.get_info() == INFO
    (path,) = folder.rglob("info.json")
    path.write_text("{")
    assert cache.get_info() is None


def test_a_cache_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match="file"):
        PredictionCache({"model": "a"}).put(FRAMES, FOUND)
