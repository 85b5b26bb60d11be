"""Cache folder for computed results, with entries named by their content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ms25_suite
from ms25_suite.core.sealed import DamagedError, read_sealed, seal

__all__ = [
    "atomic_path",
    "cache_dir",
    "content_key",
    "file_sha256",
    "release",
    "remembered_sha256",
]

_SETTLED_NS: Final = 2_000_000_000
"""Age in ns from which a further change of a file is sure to change its time stamps: FAT, the
coarsest file system, stores them with a resolution of 2 s."""


def cache_dir(*parts: str) -> Path:
    """Folder of the cache, created if needed.

    Parameters
    ----------
    parts
        Names of nested folders inside the cache.

    Returns
    -------
    :
        The folder, in ``MS25_CACHE_DIR`` if that is set, else in the operating system's folder for
        caches.

    Raises
    ------
    OSError
        The folder cannot be created.
    """
    import platformdirs

    root = os.environ.get("MS25_CACHE_DIR")
    base = Path(root) if root else Path(platformdirs.user_cache_dir("ms25-suite"))
    path = base.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        # Reads in blocks: model files and archives may be larger than the memory.
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered_sha256(path: Path) -> str:
    """SHA-256 of a file, without reading the file again if it has not changed.

    A file counts as unchanged if its path, device, inode, size and its times of last modification
    (mtime) and of last status change (ctime) are the same; the ctime cannot be set by a user. The
    hash of a file that was changed within the last two seconds is not stored, because another
    change might leave the times as they are.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    before = _state(path)
    try:
        # A changed file has another name of its note; notes are never updated.
        note = cache_dir("hashes") / content_key({"path": str(path.resolve()), "state": before})
        try:
            return read_sealed(note, note.name).decode("ascii")
        except (FileNotFoundError, DamagedError):
            found = file_sha256(path)
        settled = time.time_ns() - max(before[-2:]) > _SETTLED_NS
        # The file may have changed while it was read.
        if settled and _state(path) == before:
            with atomic_path(note) as temporary:
                temporary.write_bytes(seal(found.encode("ascii"), note.name))
    except OSError:
        # The cache cannot be used, or the file cannot be read: this raises in the second case.
        return file_sha256(path)
    return found


def _state(path: Path) -> list[int]:
    found = path.stat()
    place = [found.st_dev, found.st_ino, found.st_size]
    return [*place, found.st_mtime_ns, found.st_ctime_ns]


def content_key(description: Mapping[str, Any]) -> str:
    """Name of a cache entry: SHA-256 of a description of everything that it depends on.

    Parameters
    ----------
    description
        Anything that JSON can represent; the order of keys does not matter.

    Raises
    ------
    TypeError, ValueError
        A value has no representation in JSON, such as NaN.

    Examples
    --------
    >>> content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    True
    """
    # Sorted keys: equal descriptions have equal bytes. NaN is refused, as it is equal to nothing.
    text = json.dumps(description, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def release() -> str:
    """Release of the suite that this code is of, or will be of, for keys of what it computes.

    It is the version without what each commit changes: a clone would compute everything again after
    every commit, and nobody could use what was computed before.

    Examples
    --------
    For version 0.2.1.dev14+g354fdb98, it is 0.2.1.

    >>> "dev" in release()
    False
    """
    return re.sub(r"(?:\.post|\.dev|\+).*", "", ms25_suite.__version__)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Write a file so that it appears complete or not at all.

    Yields a temporary path in the same folder, which is renamed to ``path`` at the end of the
    block. Readers, and other processes that write the same file, never get a partial file. Nothing
    is left behind if the block raises.
    """
    # In the same folder, since a rename is atomic within a file system only. The process number
    # alone does not keep two writers apart where several machines share a folder.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
