"""Messages between processes: frames, predictions and runs as raw bytes, without pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.core.inputs import Column, Inputs
from ms25_suite.lammps.plan import LammpsRun, Thermo

__all__ = [
    "pack_frames",
    "pack_predictions",
    "pack_run",
    "unpack_frames",
    "unpack_predictions",
    "unpack_run",
]

# Fixed widths and byte order, whatever NumPy's defaults are on either side.
_FRAMES = {
    "numbers": ("<i8", (-1,)),
    "positions": ("<f8", (-1, 3)),
    "cells": ("<f8", (-1, 3, 3)),
    "pbc": ("|b1", (-1, 3)),
    "offsets": ("<i8", (-1,)),
}
_PREDICTIONS = {"energy": (-1,), "forces": (-1, 3), "stress": (-1, 6)}
_RUN_VALUES = (
    "route",
    "lammps_version",
    "n_atoms",
    "energy",
    "neighbour_builds",
    "peak_memory_bytes",
    "threads",
)
_RUN_ARRAYS = {
    "forces": (-1, 3),
    "stress": (6,),
    "wall_s": (-1,),
    "cpu_s": (-1,),
    "model_s": (-1,),
    "neighbour_s": (-1,),
}
_THERMO = {
    "steps": "<i8",
    "temperature_K": "<f8",
    "potential_eV": "<f8",
    "total_eV": "<f8",
    "pressure_bar": "<f8",
}


def pack_frames(frames: Frames) -> dict[str, Any]:
    """Bytes of each array of some frames, and their inputs."""
    packed: dict[str, Any] = {
        name: np.ascontiguousarray(getattr(frames, name), dtype=dtype).tobytes()
        for name, (dtype, _) in _FRAMES.items()
    }
    packed["inputs"] = {name: _pack_column(frames.inputs[name]) for name in frames.inputs}
    return packed


def unpack_frames(message: dict[str, Any]) -> Frames:
    """Inverse of `pack_frames`."""
    arrays: dict[str, Any] = {
        # A copy, since an array over received bytes is read-only.
        name: np.frombuffer(message[name], dtype=dtype).reshape(shape).copy()
        for name, (dtype, shape) in _FRAMES.items()
    }
    columns = {name: _unpack_column(column) for name, column in message["inputs"].items()}
    return Frames(**arrays, inputs=Inputs(columns))


def _pack_column(column: Column) -> dict[str, Any]:
    values: Any = column.values
    packed = (
        values.reshape(-1).tolist()
        if column.is_text
        else np.ascontiguousarray(values, dtype="<f8").tobytes()
    )
    return {"per": column.per, "key": column.key, "shape": values.shape, "values": packed}


def _unpack_column(message: dict[str, Any]) -> Column:
    packed, shape = message["values"], tuple(message["shape"])
    if isinstance(packed, bytes):
        return Column(
            np.frombuffer(packed, dtype="<f8").reshape(shape).copy(), message["per"], message["key"]
        )
    # Without the type, an empty list would become numbers.
    return Column(np.array(packed, dtype=str).reshape(shape), message["per"], message["key"])


def pack_predictions(predictions: Predictions) -> dict[str, bytes]:
    """Bytes of each array of some predictions; a missing quantity is left out."""
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


def pack_run(run: LammpsRun) -> dict[str, Any]:
    """Result of a run in LAMMPS as plain types, and bytes of each array."""
    return {
        **{name: getattr(run, name) for name in _RUN_VALUES},
        **{
            name: np.ascontiguousarray(getattr(run, name), dtype="<f8").tobytes()
            for name in _RUN_ARRAYS
        },
        "thermo": {
            name: np.ascontiguousarray(getattr(run.thermo, name), dtype=dtype).tobytes()
            for name, dtype in _THERMO.items()
        },
        "final": pack_frames(run.final),
    }


def unpack_run(message: dict[str, Any]) -> LammpsRun:
    """Inverse of `pack_run`."""
    known: dict[str, Any] = {name: message[name] for name in _RUN_VALUES}
    for name, shape in _RUN_ARRAYS.items():
        known[name] = np.frombuffer(message[name], dtype="<f8").reshape(shape).copy()
    thermo = {
        name: np.frombuffer(message["thermo"][name], dtype=dtype).copy()
        for name, dtype in _THERMO.items()
    }
    return LammpsRun(**known, thermo=Thermo(**thermo), final=unpack_frames(message["final"]))
