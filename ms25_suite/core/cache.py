"""Where computed things are kept between runs, and how they are named by content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

__all__ = ["atomic_path", "cache_dir", "content_key", "file_sha256", "remembered_sha256"]

_SETTLED_NS: Final = 2_000_000_000
"""Age in ns from which a change of a file is sure to show in its times: FAT's resolution, 2 s."""


def cache_dir(*parts: str) -> Path:
    """Folder of the cache, created if needed.

    ``MS25_CACHE_DIR`` moves it; the default is the operating system's place for caches.
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
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered_sha256(path: Path) -> str:
    """SHA-256 of a file as `file_sha256`, without reading it again while it has not changed.

    That it has not is told by its place, size, inode, and times of change of content and of
    metadata, of which nobody can set the last. A file that was changed in the last two seconds
    is not remembered, since it might be changed again unnoticed.
    """
    before = _state(path)
    try:
        note = cache_dir("hashes") / content_key({"path": str(path.resolve()), "state": before})
        if note.is_file():
            known = note.read_text(encoding="ascii")
            if re.fullmatch("[0-9a-f]{64}", known):
                return known
        found = file_sha256(path)
        settled = time.time_ns() - max(before[-2:]) > _SETTLED_NS
        if settled and _state(path) == before:
            with atomic_path(note) as temporary:
                temporary.write_text(found, encoding="ascii")
    except (OSError, UnicodeDecodeError):
        # No place to keep it; or the file itself cannot be read, which is told here.
        return file_sha256(path)
    return found


def _state(path: Path) -> list[int]:
    found = path.stat()
    place = [found.st_dev, found.st_ino, found.st_size]
    return [*place, found.st_mtime_ns, found.st_ctime_ns]


def content_key(description: Mapping[str, Any]) -> str:
    """Name of a cached thing: SHA-256 of a JSON-able description of all that it depends on."""
    text = json.dumps(description, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Path to write to; what is there at the end becomes ``path`` in one step.

    A reader, or a second process that writes the same, never sees half of it. Nothing is left
    behind if the block raises.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
