"""A disk that is full while data are imported, built, stored or downloaded."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import dataset as dataset_module
from ms25_suite.datasets import importers, open_dataset, store
from ms25_suite.datasets.published.remote.download import download
from ms25_suite.datasets.published.remote.resume import ResumingDownloader
from tests.unit.cli.test_data import write_frames


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["write_extxyz", "write_card"])
def test_importing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    source = write_frames(tmp_path / "x.extxyz", 3)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(importers, where, full)
    with pytest.raises(DatasetError, match=r"cannot write .*y\.extxyz: No space left on device"):
        importers.import_data([source], out / "y.extxyz")
    assert list(out.iterdir()) == []


def test_a_dataset_opens_without_room_for_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_frames(tmp_path / "x.extxyz", 3)
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    times: list[int] = []
    read = dataset_module.read_content

    def counted(*arguments: Any) -> Any:
        times.append(1)
        return read(*arguments)

    monkeypatch.setattr(dataset_module, "read_content", counted)
    with monkeypatch.context() as patched:
        patched.setattr(store.np, "save", full)
        assert len(open_dataset(str(path))) == 3
    assert len(times) == 1
    folder = tmp_path / "cache" / "datasets"
    assert [entry.name for entry in folder.iterdir() if entry.is_dir()] == []
    # With room again it is stored.
    open_dataset(str(path))
    assert isinstance(open_dataset(str(path)).frames.positions, np.memmap)
    assert len(times) == 2


def test_downloading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResumingDownloader, "_go_on", full)
    with pytest.raises(DatasetError, match=r"cannot write .*a\.zip: .*No space left on device"):
        download("https://example.org/a.zip", tmp_path)
    assert not (tmp_path / "a.zip").exists()
