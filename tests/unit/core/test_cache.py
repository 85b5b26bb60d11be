from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ms25_suite.core import cache
from ms25_suite.core.cache import (
    atomic_path,
    cache_dir,
    content_key,
    file_sha256,
    remembered_sha256,
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Files that were hashed; changes show at once, and the cache is empty."""
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_SETTLED_NS", -1)
    found: list[Path] = []

    def counted(path: Path) -> str:
        found.append(path)
        return file_sha256(path)

    monkeypatch.setattr(cache, "file_sha256", counted)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    return path


def same_times(path: Path) -> None:
    """Other bytes, and the time of change set back."""
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(b"two")
    os.utime(path, ns=times)


def replaced(path: Path) -> None:
    other = path.with_name("y")
    other.write_bytes(b"two")
    other.replace(path)


def test_a_file_is_hashed_once(path: Path, calls: list[Path]) -> None:
    expected = file_sha256(path)
    assert [remembered_sha256(path) for _ in range(3)] == [expected] * 3
    assert calls == [path]


@pytest.mark.parametrize("change", [same_times, replaced, lambda path: path.write_bytes(b"three")])
def test_a_change_is_noticed(path: Path, calls: list[Path], change: Callable[[Path], None]) -> None:
    before = remembered_sha256(path)
    change(path)
    assert remembered_sha256(path) == file_sha256(path) != before


def test_what_was_changed_just_now_is_not_remembered(
    path: Path, calls: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_SETTLED_NS", 10**12)
    assert [remembered_sha256(path) for _ in range(2)] == [file_sha256(path)] * 2
    assert len(calls) == 2


def test_a_file_that_changes_meanwhile_is_not_remembered(
    path: Path, calls: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(path: Path) -> str:
        found = file_sha256(path)
        path.write_bytes(b"two")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(cache, "file_sha256", slow)
        remembered_sha256(path)
    assert remembered_sha256(path) == file_sha256(path)


def test_a_damaged_note_is_written_again(path: Path, calls: list[Path], tmp_path: Path) -> None:
    remembered_sha256(path)
    (note,) = (tmp_path / "cache" / "hashes").iterdir()
    for content in (b"", b"x" * 64, b"\xff" * 64):
        note.write_bytes(content)
        assert remembered_sha256(path) == file_sha256(path)


def test_no_place_to_remember(
    path: Path, calls: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(path))
    assert remembered_sha256(path) == file_sha256(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        remembered_sha256(tmp_path / "none")


def test_a_cache_entry_is_named_by_its_content() -> None:
    assert content_key({"a": 1, "b": [2]}) == content_key({"b": [2], "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2}) != content_key({"a": "2"})
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_key({"a": float("nan")})
    with pytest.raises(TypeError, match="Path"):
        content_key({"a": Path()})


def test_a_file_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def stop_in_between() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop_in_between()
    assert path.read_text() == "old"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_the_folder_is_made_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "here"))
    assert cache_dir("a", "b") == tmp_path / "here" / "a" / "b"
    assert cache_dir("a", "b").is_dir()
