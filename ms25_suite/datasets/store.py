"""Memory-mapped columns of datasets: parsed once, reopened in milliseconds."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.cache import cache_dir, content_key
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.cards.card import LabelKeys

__all__ = ["READER_VERSION", "Content", "open_content"]

READER_VERSION: Final = 4
"""Must be raised whenever the same file would be read or audited differently."""

_BLOCK: Final = 4096
_N_BLOCKS: Final = 32

_FRAMES = ("numbers", "positions", "cells", "pbc", "offsets")
_LABELS = ("energy", "forces", "stress")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The content of the files of a dataset.

    Parameters
    ----------
    frames, labels
        The data; memory-mapped where they come from the store.
    roles
        Role of each frame by its info key ``split``, shape ``(n_frames,)``.
    temperatures
        Temperature in K at which each frame was sampled, NaN where the file has none, shape
        ``(n_frames,)``.
    digests
        Fingerprint of each frame, shape ``(n_frames,)``, ``V16``: equal for duplicates.
    nearest
        Largest distance of an atom of each frame to its nearest neighbour, in Å, shape
        ``(n_frames,)``; exact where it exceeds `NEAR` of the audit, else a bound.
    file_counts
        Number of frames of each file, shape ``(n_files,)``.
    label_keys
        Quantity to key in the file.
    answers
        Answers of the audit about frames and labels.
    """

    frames: Frames
    labels: Labels
    roles: IntArray
    temperatures: FloatArray
    digests: np.ndarray[Any, Any]
    nearest: FloatArray
    file_counts: IntArray
    label_keys: dict[str, str]
    answers: tuple[Answer, ...]


def open_content(
    hashes: list[tuple[str, str]], keys: LabelKeys, read: Callable[[], Content]
) -> Content:
    """Content of some files from the store, reading and storing them if they are not there.

    Parameters
    ----------
    hashes
        Format and SHA-256 of each file, in order.
    keys
        Label keys that the card names: they decide which labels are stored.
    read
        Reads the files.

    Raises
    ------
    DatasetError
        From ``read``.
    """
    import filelock

    fresh = None
    # Content, not paths or times: copies of a file share one entry, and an edited file gets a new
    # one.
    key = content_key({"reader": READER_VERSION, "files": hashes, "labels": asdict(keys)})
    try:
        root = cache_dir("datasets")
        folder = root / key
        content = _load(folder)
        if content is not None:
            return content
        # Workers of pytest-xdist open the same dataset at once: one parses it, the others wait.
        with filelock.FileLock(root / f"{key}.lock"):
            # Another process may have stored it while this one waited for the lock.
            content = _load(folder)
            if content is None:
                fresh = read()
                _save(fresh, folder)
                content = _load(folder)
                if content is None:
                    return fresh
            return content
    except OSError:
        # No writable folder, or a full disk. The store only saves time, so go on without it.
        return read() if fresh is None else fresh


def _save(content: Content, folder: Path) -> None:
    """Write columns beside their place and move them there in one step."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name[:12]}-", dir=folder.parent))
    try:
        for name, array in _columns(content).items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        meta: Mapping[str, Any] = {
            "samples": {path.stem: _sample(path) for path in temporary.glob("*.npy")},
            "label_keys": content.label_keys,
            "answers": [answer.to_dict() for answer in content.answers],
        }
        (temporary / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        # Only a damaged entry gets here. `rename` does not replace a folder that is not empty.
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _columns(content: Content) -> dict[str, np.ndarray[Any, Any]]:
    columns = {name: getattr(content.frames, name) for name in _FRAMES}
    columns |= {name: getattr(content.labels, name) for name in _LABELS}
    columns |= {
        "roles": content.roles,
        "temperatures": content.temperatures,
        "file_counts": content.file_counts,
        "digests": content.digests.view(np.uint8),
        "nearest": content.nearest,
    }
    return {name: array for name, array in columns.items() if array is not None}


def _sample(path: Path) -> list[int]:
    """Size of a file, and a checksum of blocks that are spread over it.

    A file that was cut off, or whose end a crash has left empty, is noticed without reading all
    of it.
    """
    size = path.stat().st_size
    checksum = 0
    with path.open("rb", buffering=0) as file:
        for start in range(0, size, max(_BLOCK, size // _N_BLOCKS)):
            file.seek(start)
            checksum = zlib.crc32(file.read(_BLOCK), checksum)
        file.seek(max(0, size - _BLOCK))
        checksum = zlib.crc32(file.read(_BLOCK), checksum)
    return [size, checksum]


def _load(folder: Path) -> Content | None:
    """Content of a folder of the store; None if it is not there or damaged."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        columns = {path.stem: path for path in folder.glob("*.npy")}
        # The set of names is compared as well, so that a missing column counts as damage.
        if {name: _sample(path) for name, path in columns.items()} != meta["samples"]:
            return None
        # Memory-mapped: several processes share one copy in the page cache.
        arrays = {
            name: np.load(path, mmap_mode="r", allow_pickle=False) for name, path in columns.items()
        }
        return Content(
            frames=Frames(**{name: arrays[name] for name in _FRAMES}),
            labels=Labels(**{name: arrays[name] for name in _LABELS if name in arrays}),
            roles=arrays["roles"],
            temperatures=arrays["temperatures"],
            file_counts=arrays["file_counts"],
            digests=arrays["digests"].view("V16").reshape(-1),
            nearest=arrays["nearest"],
            label_keys=meta["label_keys"],
            answers=tuple(Answer.from_dict(entry) for entry in meta["answers"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
