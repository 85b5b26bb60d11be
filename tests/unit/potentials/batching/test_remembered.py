from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.potentials.batching.limits import Learned
from ms25_suite.potentials.batching.remembered import RememberedSize

KNOWN = Learned(limit=70_000, settled=True, bytes_per_load=12.5)


def test_a_size_comes_back(tmp_path: Path) -> None:
    RememberedSize(tmp_path, {"model": "a", "dtype": "float32"}).put("card", KNOWN)
    assert RememberedSize(tmp_path, {"model": "a", "dtype": "float32"}).get("card") == KNOWN
    assert RememberedSize(tmp_path, {"model": "a", "dtype": "float64"}).get("card") is None
    assert RememberedSize(tmp_path, {"model": "b", "dtype": "float32"}).get("card") is None
    assert RememberedSize(tmp_path, {"model": "a", "dtype": "float32"}).get("other") is None


def test_a_damaged_size_is_as_good_as_none(tmp_path: Path) -> None:
    RememberedSize(tmp_path, {}).put("card", KNOWN)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for content in (b"", whole[:-5], whole.replace(b"70000", b"90000"), b"\xff\xfe", b"[1]"):
        path.write_bytes(content)
        assert RememberedSize(tmp_path, {}).get("card") is None
    RememberedSize(tmp_path, {}).put("card", KNOWN)
    assert RememberedSize(tmp_path, {}).get("card") == KNOWN


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remembered = RememberedSize(tmp_path / "file", {})
    remembered.put("card", KNOWN)
    assert remembered.get("card") is None


def test_the_same_size_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = RememberedSize(tmp_path, {})
    remembered.put("card", KNOWN)
    (path,) = tmp_path.iterdir()
    path.unlink()
    remembered.put("card", KNOWN)
    assert not path.exists()
