"""Errors of writing, with the name of the file and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ms25_suite.errors import DatasetError

__all__ = ["naming_errors"]


@contextmanager
def naming_errors(path: Path, hint: str = "nothing of it was left behind") -> Iterator[None]:
    """Turn an error of the operating system while a file is written into one that names it.

    Parameters
    ----------
    path
        The file.
    hint
        What is left, and what to do.

    Raises
    ------
    DatasetError
        The disk is full, the file too large for a quota, the folder not writable.
    """
    try:
        yield
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}{_room(path)}; {hint}"
        raise DatasetError(msg) from error


def _room(path: Path) -> str:
    try:
        return f" ({shutil.disk_usage(path.parent).free / 1e9:.1f} GB are free there)"
    except OSError:
        return ""
