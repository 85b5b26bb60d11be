"""Files that a user names: whether they can be opened at all, and their text.

Opening a named pipe waits for a writer, and a device may have no end. So the kind of a file is
looked at before it is opened.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import Ms25Error

__all__ = [
    "FOLDER",
    "MISSING",
    "MOST_BYTES",
    "file_problem",
    "read_bytes",
    "read_text",
    "refuse_irregular",
    "said_of",
    "user_path",
]

MOST_BYTES: Final = 1 << 28
"""Largest document in bytes (256 MiB): what is read from it takes some ten times as much memory."""

MISSING: Final = "nothing"
"""What `file_problem` says of a path without anything."""

FOLDER: Final = "a folder"
"""What it says of a folder."""

_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISDIR, FOLDER),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def file_problem(path: Path) -> str:
    """What is there in place of a regular file; empty if it is one."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            return f"a link to {path.readlink()}, where there is nothing"
        return MISSING
    # ValueError: a path with a NUL.
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "")


def said_of(problem: str) -> str:
    """What `file_problem` found, in a message: ``there is no such file``, ``found a folder``."""
    return "there is no such file" if problem == MISSING else f"found {problem}"


def refuse_irregular(path: Path, what: str, error: type[Ms25Error]) -> None:
    """Refuse whatever is not a regular file, without opening it.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for the message: ``the dataset card``.
    error
        Class of the error to raise.

    Raises
    ------
    Ms25Error
        Of the class ``error``: it is missing, a folder, a pipe, a device, …
    """
    problem = file_problem(path)
    if problem == MISSING:
        msg = f"cannot read {what}: there is no file {path}. Give the path of an existing file"
        raise error(msg)
    if problem:
        msg = f"cannot read {what} {path}: expected a file, found {problem}. Give another path"
        raise error(msg)


def read_bytes(
    path: Path, what: str, error: type[Ms25Error], *, most_bytes: int = MOST_BYTES
) -> bytes:
    """Content of a regular file of moderate size.

    Raises
    ------
    Ms25Error
        Of the class ``error``: it cannot be read, is not a regular file, or is too large.
    """
    refuse_irregular(path, what, error)
    try:
        with path.open("rb") as file:
            # The size may be unknown in advance, as in /proc.
            found = file.read(most_bytes + 1)
    except OSError as problem:
        msg = f"cannot read {what} {path}: {problem.strerror or problem}"
        raise error(msg) from problem
    if len(found) > most_bytes:
        msg = (
            f"cannot read {what} {path}: expected at most {most_bytes >> 20} MiB, found "
            f"{path.stat().st_size} bytes. Is it another file?"
        )
        raise error(msg)
    return found


def read_text(
    path: Path, what: str, error: type[Ms25Error], *, most_bytes: int = MOST_BYTES
) -> str:
    """UTF-8 text of a regular file of moderate size.

    Raises
    ------
    Ms25Error
        Of the class ``error``: it cannot be read, is not a regular file, is too large, or is not
        UTF-8.
    """
    try:
        return read_bytes(path, what, error, most_bytes=most_bytes).decode("utf-8")
    except UnicodeDecodeError as problem:
        msg = f"cannot read {what} {path}: expected a text in UTF-8, found {problem}"
        raise error(msg) from problem


def user_path(text: str, what: str, error: type[Ms25Error]) -> Path:
    """Path that a user wrote, with ``~`` replaced.

    Raises
    ------
    Ms25Error
        Of the class ``error``: no file can have such a name.
    """
    try:
        path = Path(text).expanduser()
        # Not `exists`, which overlooks a NUL.
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return path
    # RuntimeError: ``~name`` of nobody. OSError: longer than a name may be. ValueError: a NUL.
    except (RuntimeError, OSError, ValueError) as problem:
        shown = text if len(text) <= 80 else f"{text[:80]}…"
        why = getattr(problem, "strerror", None) or problem
        msg = f"{what} {shown!r} cannot be the path of a file: {why}"
        raise error(msg) from problem
    return path
