"""Many structures with their energies, forces and stresses, as concatenated arrays."""

from __future__ import annotations

from ms25_suite.core.frames.arrays import BoolArray, FloatArray, IntArray
from ms25_suite.core.frames.frames import Frames
from ms25_suite.core.frames.properties import Labels, Predictions, Properties
from ms25_suite.core.frames.voigt import from_voigt, to_voigt

__all__ = [
    "BoolArray",
    "FloatArray",
    "Frames",
    "IntArray",
    "Labels",
    "Predictions",
    "Properties",
    "from_voigt",
    "to_voigt",
]
