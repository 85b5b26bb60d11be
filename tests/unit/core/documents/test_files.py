from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ms25_suite.core.documents.files import (
    MISSING,
    file_problem,
    read_bytes,
    read_text,
    refuse_irregular,
    user_path,
)
from ms25_suite.core.errors import ReportError


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of each kind of file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "link").symlink_to("file")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("file", ""),
        ("link", ""),
        ("nothing", MISSING),
        ("folder", "a folder"),
        ("pipe", "a named pipe"),
        ("device", "a device"),
        ("socket", "a socket"),
        ("dangling", "a link to nowhere, where there is nothing"),
        ("circle", "Too many levels of symbolic links"),
        ("file/below", "Not a directory"),
        ("a" * 300, "File name too long"),
        ("nul\0", "embedded null byte"),
    ],
)
def test_the_kind_of_a_file_is_known_without_opening_it(odd: Path, name: str, problem: str) -> None:
    path = odd / name
    assert file_problem(path) == problem
    if not problem:
        assert read_bytes(path, "the file", ReportError) == b"text"
        return
    expected = "there is no file" if problem == MISSING else f"expected a file, found {problem}"
    with pytest.raises(ReportError, match=expected):
        refuse_irregular(path, "the file", ReportError)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(ReportError, match=r"at most 1 MiB, found 1099511627776 bytes"):
        read_bytes(path, "the file", ReportError, most_bytes=1 << 20)


def test_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("Å".encode("latin-1"))
    with pytest.raises(ReportError, match="expected a text in UTF-8"):
        read_text(path, "the file", ReportError)


def test_a_path_that_cannot_be() -> None:
    with pytest.raises(ReportError, match="cannot be the path of a file: File name too") as found:
        user_path("a" * 5000, "--option", ReportError)
    assert len(str(found.value)) < 200


def test_the_home_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nobody)
    with pytest.raises(ReportError, match="'~nobody/x' cannot be the path of a file: Could not"):
        user_path("~nobody/x", "--option", ReportError)


@pytest.mark.parametrize("text", ["a\0b", "a" * 300 + "\0/x"])
def test_a_path_with_a_nul(text: str) -> None:
    with pytest.raises(ReportError, match="cannot be the path of a file: embedded null byte"):
        user_path(text, "--option", ReportError)
