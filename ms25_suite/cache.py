"""Where computed things are kept between runs, and how they are named by content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["atomic_path", "cache_dir", "content_key", "file_sha256"]


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
