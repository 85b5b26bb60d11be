"""Files in the work folder of a training: names, and frames with their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.core.inputs import Column, Inputs, Per
from ms25_suite.training.request import Part

__all__ = [
    "CONFIG",
    "OUTCOME",
    "RESULTS",
    "evenly",
    "read_arrays",
    "write_arrays",
    "write_extxyz",
]

CONFIG: Final = "config.json"
"""Configuration that a trainer writes for its program."""

RESULTS: Final = "results.jsonl"
"""Epochs that the program reports, one JSON object in a line."""

OUTCOME: Final = "outcome.json"
"""What the program writes at its end: the epoch of the model."""

_FRAMES = ("numbers", "positions", "cells", "pbc", "offsets")
_LABELS = ("energy", "forces", "stress")
_INPUT = "input-"


def evenly(part: Part, n: int) -> Part:
    """At most ``n`` frames with their labels, evenly spaced in the order of the frames."""
    frames, labels = part
    if n >= len(frames):
        return part
    # Evenly spaced and not the first ones: consecutive frames of a trajectory are correlated.
    indices = [index * len(frames) // n for index in range(n)]
    return frames.select(indices), labels.select(indices, frames.offsets)


def write_arrays(path: Path, part: Part) -> None:
    """Write frames and labels as a NumPy archive, which appears as a whole or not at all."""
    frames, labels = part
    arrays: dict[str, Any] = {name: np.asarray(getattr(frames, name)) for name in _FRAMES}
    for name in _LABELS:
        values = getattr(labels, name)
        if values is not None:
            arrays[name] = np.asarray(values)
    for name, column in frames.inputs.columns.items():
        arrays[f"{_INPUT}{column.per}-{name}-{column.key}"] = np.asarray(column.values)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_arrays(path: Path) -> Part:
    """Read what `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        columns = {}
        for entry in arrays.files:
            if entry.startswith(_INPUT):
                per, name, key = entry.removeprefix(_INPUT).split("-", 2)
                columns[name] = Column(arrays[entry], cast("Per", per), key)
        frames = Frames(**{name: arrays[name] for name in _FRAMES}, inputs=Inputs(columns))
        labels = Labels(**{name: arrays[name] for name in _LABELS if name in arrays})
    return frames, labels


def write_extxyz(path: Path, part: Part, *, absent_stress: float | None = None) -> None:
    """Write frames with the labels ``REF_energy``, ``REF_forces`` and ``REF_stress``.

    Energies and stresses are written with all digits, forces with eight decimals (ASE's format
    for per-atom columns).

    Parameters
    ----------
    path
        The file.
    part
        Frames and labels.
    absent_stress
        Value of all six components where a frame has no stress, for programs that need the label
        in every frame. None: such a frame gets no ``REF_stress``.

    Raises
    ------
    ValueError
        There are no energies or no forces.
    """
    from ase.io import write

    frames, labels = part
    if labels.energy is None or labels.forces is None:
        msg = "expected labels with energies and forces"
        raise ValueError(msg)
    has_stress = labels.has_stress
    images = []
    for index in range(len(frames)):
        atoms = frames.atoms(index)
        atoms.info[REF_ENERGY] = float(labels.energy[index])
        span = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
        atoms.arrays[REF_FORCES] = np.array(labels.forces[span])
        if has_stress is not None and has_stress[index] and labels.stress is not None:
            atoms.info[REF_STRESS] = np.array(labels.stress[index])
        elif absent_stress is not None:
            atoms.info[REF_STRESS] = np.full(6, absent_stress)
        images.append(atoms)
    with atomic_path(path) as temporary:
        write(temporary, images, format="extxyz")
