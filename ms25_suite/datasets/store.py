"""Memory-mapped columns of datasets: parsed once, reopened in milliseconds."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.cache import cache_dir, content_key
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels
from ms25_suite.core.inputs import Column, Inputs
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.cards.card import LabelKeys

__all__ = ["READER_VERSION", "Content", "open_content"]

READER_VERSION: Final = 13
"""Must be raised whenever the same file would be read or audited differently."""

_META: Final = "meta.json"

_FRAMES = ("numbers", "positions", "cells", "pbc", "offsets")
_LABELS = ("energy", "forces", "stress")
_INPUT = "input-"
"""Start of the names of columns of inputs."""


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
    config_types
        Kind of each frame as its file states it (``config_type``), empty where it does not, shape
        ``(n_frames,)``.
    trajectories
        Number of the trajectory of each frame, -1 where the file names none, shape ``(n_frames,)``.
    file_counts
        Number of frames of each file, shape ``(n_files,)``.
    label_keys
        Quantity to key in the file.
    answers
        Answers of the audit about frames and labels.
    damage
        Why an entry of the store was not used, and the files were read again; empty if there was
        no need.
    unread_labels
        Keys that seem to hold a quantity, for each quantity without labels that has such keys.
    atom_energies
        Energy in eV of an isolated atom of each element, by atomic number, as far as known.
    """

    frames: Frames
    labels: Labels
    roles: IntArray
    temperatures: FloatArray
    digests: np.ndarray[Any, Any]
    nearest: FloatArray
    config_types: np.ndarray[Any, np.dtype[np.str_]]
    trajectories: IntArray
    file_counts: IntArray
    label_keys: dict[str, str]
    answers: tuple[Answer, ...]
    damage: str = ""
    unread_labels: dict[Quantity, tuple[str, ...]] = field(default_factory=dict)
    atom_energies: dict[int, float] = field(default_factory=dict)


def open_content(
    hashes: list[tuple[str, str]],
    keys: LabelKeys,
    inputs: Mapping[str, str],
    read: Callable[[], Content],
    trajectory: str | None = None,
) -> Content:
    """Content of some files from the store, reading and storing them if they are not there.

    Parameters
    ----------
    hashes
        Format and SHA-256 of each file, in order.
    keys
        Label keys that the card names: they decide which labels are stored.
    inputs
        Keys of inputs that the card names.
    read
        Reads the files.
    trajectory
        Key of the trajectories that the card names.

    Raises
    ------
    DatasetError
        From ``read``.
    """
    import filelock

    fresh = None
    damage = ""
    # Content, not paths or times: copies of a file share one entry, and an edited file gets a new
    # one.
    key = content_key(
        {
            "reader": READER_VERSION,
            "files": hashes,
            "labels": asdict(keys),
            "inputs": dict(inputs),
            "trajectory": trajectory,
        }
    )
    try:
        root = cache_dir("datasets")
        folder = root / key
        try:
            content = _load(folder)
        except DamagedError as error:
            content, damage = None, str(error)
        if content is not None:
            return content
        # Workers of pytest-xdist open the same dataset at once: one parses it, the others wait.
        with filelock.FileLock(root / f"{key}.lock"):
            # Another process may have stored it while this one waited for the lock.
            try:
                content = _load(folder)
            except DamagedError:
                content = None
            if content is None:
                fresh = replace(read(), damage=damage)
                _save(fresh, folder)
                content = _load(folder) or fresh
            return replace(content, damage=damage)
    except (OSError, DamagedError):
        # No writable folder, or a full disk. The store only saves time, so go on without it.
        return replace(read(), damage=damage) if fresh is None else fresh


def _save(content: Content, folder: Path) -> None:
    """Write columns beside their place and move them there in one step."""
    prefix = f".{folder.name[:12]}-"
    # Left by a writer that was killed: only one at a time has the lock.
    for left in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        columns = _columns(content)
        for name, array in columns.items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        meta: Mapping[str, Any] = {
            "columns": {name: _checksum(temporary / f"{name}.npy") for name in columns},
            "label_keys": content.label_keys,
            "inputs": {
                name: [column.per, column.key]
                for name, column in content.frames.inputs.columns.items()
            },
            "unread_labels": content.unread_labels,
            "atom_energies": [[z, energy] for z, energy in content.atom_energies.items()],
            "answers": [answer.to_dict() for answer in content.answers],
        }
        (temporary / _META).write_text(sealed_json(meta, folder.name), encoding="utf-8")
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
        f"{_INPUT}{name}": column.values for name, column in content.frames.inputs.columns.items()
    }
    columns |= {
        "roles": content.roles,
        "temperatures": content.temperatures,
        "config_types": content.config_types,
        "trajectories": content.trajectories,
        "file_counts": content.file_counts,
        "digests": content.digests.view(np.uint8),
        "nearest": content.nearest,
    }
    return {name: array for name, array in columns.items() if array is not None}


def _checksum(path: Path) -> int:
    with path.open("rb") as file:
        return zlib.crc32(_mapped(file))


def _mapped(file: Any) -> Any:
    """All bytes of an open file; several processes share one copy in the page cache."""
    return np.memmap(file, dtype=np.uint8, mode="r")


def _load(folder: Path) -> Content | None:
    """Content of a folder of the store; None if there is none.

    Raises
    ------
    DamagedError
        A byte is not what was written, or a file is missing.
    """
    try:
        text = (folder / _META).read_bytes()
    except FileNotFoundError:
        if folder.exists():
            msg = f"{folder} is damaged: it has no {_META}"
            raise DamagedError(msg) from None
        return None
    except OSError as error:
        msg = f"{folder / _META} cannot be read: {error.strerror or error}"
        raise DamagedError(msg) from error
    meta = unseal_json(text, str(folder / _META), folder.name)
    try:
        arrays = {
            name: _column(folder / f"{name}.npy", checksum)
            for name, checksum in meta["columns"].items()
        }
        inputs = {
            name: Column(arrays[f"{_INPUT}{name}"], per, key)
            for name, (per, key) in meta["inputs"].items()
        }
        return Content(
            frames=Frames(**{name: arrays[name] for name in _FRAMES}, inputs=Inputs(inputs)),
            labels=Labels(**{name: arrays[name] for name in _LABELS if name in arrays}),
            roles=arrays["roles"],
            temperatures=arrays["temperatures"],
            config_types=arrays["config_types"],
            trajectories=arrays["trajectories"],
            file_counts=arrays["file_counts"],
            digests=arrays["digests"].view("V16").reshape(-1),
            nearest=arrays["nearest"],
            label_keys=meta["label_keys"],
            unread_labels={name: tuple(keys) for name, keys in meta["unread_labels"].items()},
            atom_energies={int(z): float(energy) for z, energy in meta["atom_energies"]},
            answers=tuple(Answer.from_dict(entry) for entry in meta["answers"]),
        )
    except DamagedError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{folder} is damaged: {type(error).__name__}: {error}"
        raise DamagedError(msg) from error


_SETTLED_NS: Final = 2_000_000_000
"""Age of a file, in ns, from which a further change is sure to change its time stamps."""

_VERIFIED: dict[tuple[int, ...], int] = {}
"""Checksums that this process has computed, by all that changes when a file does."""


def _column(path: Path, checksum: int) -> Any:
    """A column, memory-mapped, after the checksum of all its bytes was compared."""
    with path.open("rb") as file:
        # From one open file: another process may replace the folder meanwhile, and what was
        # compared must be what is used.
        state = os.fstat(file.fileno())
        key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        whole = _mapped(file)
        found = _VERIFIED.get(key)
        if found is None:
            found = zlib.crc32(whole)
            if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _SETTLED_NS:
                _VERIFIED[key] = found
        if found != checksum:
            msg = f"{path} is damaged: its checksum is wrong"
            raise DamagedError(msg)
        file.seek(0)
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, in_columns, dtype = read_header(file)
        values = whole[file.tell() :].view(dtype)
        return values.reshape(shape, order="F" if in_columns else "C")
