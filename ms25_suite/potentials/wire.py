"""How frames and predictions travel between processes: raw bytes, no pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ms25_suite.frames import Frames, Predictions

__all__ = ["pack_frames", "pack_predictions", "unpack_frames", "unpack_predictions"]

_FRAMES = {
    "numbers": ("<i8", (-1,)),
    "positions": ("<f8", (-1, 3)),
    "cells": ("<f8", (-1, 3, 3)),
    "pbc": ("|b1", (-1, 3)),
    "offsets": ("<i8", (-1,)),
}
_PREDICTIONS = {"energy": (-1,), "forces": (-1, 3), "stress": (-1, 6)}


def pack_frames(frames: Frames) -> dict[str, bytes]:
    """Bytes of each array."""
    return {
        name: np.ascontiguousarray(getattr(frames, name), dtype=dtype).tobytes()
        for name, (dtype, _) in _FRAMES.items()
    }


def unpack_frames(message: dict[str, bytes]) -> Frames:
    """Inverse of `pack_frames`."""
    return Frames(
        **{
            name: np.frombuffer(message[name], dtype=dtype).reshape(shape).copy()
            for name, (dtype, shape) in _FRAMES.items()
        }
    )


def pack_predictions(predictions: Predictions) -> dict[str, bytes]:
    """Bytes of each array that there is."""
    return {
        name: np.ascontiguousarray(values, dtype="<f8").tobytes()
        for name in _PREDICTIONS
        if (values := getattr(predictions, name)) is not None
    }


def unpack_predictions(message: dict[str, Any]) -> Predictions:
    """Inverse of `pack_predictions`."""
    return Predictions(
        **{
            name: np.frombuffer(message[name], dtype="<f8").reshape(shape).copy()
            for name, shape in _PREDICTIONS.items()
            if name in message
        }
    )
