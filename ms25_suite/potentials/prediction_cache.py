"""Cache of predictions on disk, keyed by the content of model and frames."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.cache import atomic_path, cache_dir, content_key
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.base import ModelInfo

__all__ = ["PredictionCache"]

REVISION = 1
"""Increased when the shared evaluation changes in a way that can change a prediction."""


class PredictionCache:
    """Predictions of one potential on disk.

    Parameters
    ----------
    identity
        Description, in JSON types, of everything that a prediction depends on besides the frames:
        SHA-256 of the model file, architecture, versions, device, dtype.
    """

    def __init__(self, identity: Mapping[str, Any]) -> None:
        key = content_key({**identity, "revision": REVISION})
        self._parts = ("predictions", key[:2], key)

    def get(self, frames: Frames) -> Predictions | None:
        """Stored predictions for exactly these frames; None if there is no intact file."""
        try:
            # Opened here, because NumPy does not close a damaged file that it opened itself.
            with self._path(frames).open("rb") as file, np.load(file) as arrays:
                found = Predictions(**{name: arrays[name] for name in arrays.files})
        except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile):
            return None
        return found

    def put(self, frames: Frames, predictions: Predictions) -> None:
        """Store predictions.

        Raises
        ------
        OSError
            The cache cannot be written to.
        """
        names = ("energy", "forces", "stress")
        arrays = {name: getattr(predictions, name) for name in names}
        # Several sessions may write the same entry: each writes a file of its own and renames it.
        with atomic_path(self._path(frames)) as path, path.open("wb") as file:
            np.savez(file, **{name: array for name, array in arrays.items() if array is not None})

    def get_info(self) -> ModelInfo | None:
        """Stored information about the potential; None if there is none or it is damaged."""
        try:
            text = self._file("info.json").read_text(encoding="utf-8")
            return ModelInfo.from_dict(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put_info(self, info: ModelInfo) -> None:
        """Store information about the potential.

        Raises
        ------
        OSError
            The cache cannot be written to.
        """
        with atomic_path(self._file("info.json")) as path:
            path.write_text(json.dumps(info.to_dict()), encoding="utf-8")

    def _path(self, frames: Frames) -> Path:
        return self._file(f"{frames.content_hash()}.npz")

    def _file(self, name: str) -> Path:
        return cache_dir(*self._parts) / name
