"""Frames with labels as a file of arrays, for training scripts of our own: nothing is rounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.cache import atomic_path
from ms25_suite.frames import Frames, Labels
from ms25_suite.training.request import Part

__all__ = ["read_arrays", "write_arrays"]

_FRAMES = ("numbers", "positions", "cells", "pbc", "offsets")
_LABELS = ("energy", "forces", "stress")


def write_arrays(path: Path, part: Part) -> None:
    """Write frames and labels in one step."""
    frames, labels = part
    arrays: dict[str, Any] = {name: np.asarray(getattr(frames, name)) for name in _FRAMES}
    for name in _LABELS:
        values = getattr(labels, name)
        if values is not None:
            arrays[name] = np.asarray(values)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_arrays(path: Path) -> Part:
    """Read what `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        frames = Frames(**{name: arrays[name] for name in _FRAMES})
        labels = Labels(**{name: arrays[name] for name in _LABELS if name in arrays})
    return frames, labels
