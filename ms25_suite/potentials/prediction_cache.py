"""Cache of predictions on disk, keyed by the content of model and frames."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.cache import atomic_path, cache_dir, content_key
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.core.sealed import (
    DamagedError,
    read_sealed,
    seal,
    sealed_json,
    unseal_json,
)
from ms25_suite.potentials.base import ModelInfo

__all__ = ["PredictionCache"]

REVISION = 2
"""Increased when the shared evaluation changes in a way that can change a prediction, or when the
form of an entry changes."""

_INFO = "info.json"


class PredictionCache:
    """Predictions of one potential on disk.

    Each entry has a checksum over all of its bytes and its name. A damaged entry counts as absent.

    Parameters
    ----------
    identity
        Description, in JSON types, of everything that a prediction depends on besides the frames:
        SHA-256 of the model file, architecture, versions, device, dtype.

    Attributes
    ----------
    damaged
        Why entries that were there could not be used, in the order in which they were met.
    """

    def __init__(self, identity: Mapping[str, Any]) -> None:
        self._key = content_key({**identity, "revision": REVISION})
        self.damaged: list[str] = []

    def get(self, frames: Frames) -> Predictions | None:
        """Stored predictions for exactly these frames; None if there is no intact file."""
        name = f"{frames.content_hash()}.npz"
        try:
            path = self._file(name)
            content = read_sealed(path, self._label(name))
            found = _unpacked(content)
            if _fits(found, frames):
                return found
            self.damaged.append(f"{path} does not hold predictions for its frames")
        except DamagedError as error:
            self.damaged.append(str(error))
        except OSError:  # there is none, or no cache
            return None
        return None

    def put(self, frames: Frames, predictions: Predictions) -> None:
        """Store predictions.

        Raises
        ------
        OSError
            The cache cannot be written to.
        """
        name = f"{frames.content_hash()}.npz"
        self._write(name, seal(_packed(predictions), self._label(name)))

    def get_info(self) -> ModelInfo | None:
        """Stored information about the potential; None if there is none or it is damaged."""
        try:
            path = self._file(_INFO)
            text = path.read_bytes()
        except OSError:
            return None
        try:
            return ModelInfo.from_dict(unseal_json(text, str(path), self._label(_INFO)))
        except (DamagedError, KeyError, TypeError) as error:
            self.damaged.append(f"{path}: {error}")
            return None

    def put_info(self, info: ModelInfo) -> None:
        """Store information about the potential.

        Raises
        ------
        OSError
            The cache cannot be written to.
        """
        self._write(_INFO, sealed_json(info.to_dict(), self._label(_INFO)).encode())

    def _label(self, name: str) -> str:
        return f"{self._key}/{name}"

    def _file(self, name: str) -> Path:
        return cache_dir("predictions", self._key[:2], self._key) / name

    def _write(self, name: str, content: bytes) -> None:
        # Several sessions may write the same entry: each writes a file of its own and renames it.
        with atomic_path(self._file(name)) as path:
            path.write_bytes(content)


def _packed(predictions: Predictions) -> bytes:
    arrays: dict[str, Any] = {
        # The same bytes on every machine.
        name: np.ascontiguousarray(values, dtype="<f8")
        for name in ("energy", "forces", "stress")
        if (values := getattr(predictions, name)) is not None
    }
    # In memory first: an archive that meets a full disk fails in many ways.
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(content: bytes) -> Predictions:
    """Inverse of `_packed`.

    Raises
    ------
    DamagedError
        The content is of another form.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {name: arrays[name].astype(np.float64, copy=False) for name in arrays.files}
        return Predictions(**found)
    except (OSError, ValueError, EOFError, TypeError, KeyError, zipfile.BadZipFile) as error:
        msg = f"a cached prediction is of another form: {error!r}"
        raise DamagedError(msg) from error


def _fits(found: Predictions, frames: Frames) -> bool:
    """Whether energies and forces of all frames are there, and all arrays have their shapes."""
    shapes = {
        "energy": (len(frames),),
        "forces": (len(frames.numbers), 3),
        "stress": (len(frames), 6),
    }
    return all(
        values.shape == shapes[name]
        if (values := getattr(found, name)) is not None
        # A potential may have no stress, and then says so; see `Potential.predict`.
        else name == "stress"
        for name in shapes
    )
