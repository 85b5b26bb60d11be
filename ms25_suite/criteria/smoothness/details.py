"""Steps along lines, under the key ``smoothness``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details

__all__ = ["KEY", "LineSteps", "SmoothnessDetails"]

KEY: Final = "smoothness"


@dataclass(frozen=True, slots=True)
class LineSteps(Details):
    """What is not continuous along one line.

    Parameters
    ----------
    name
        What was moved: a pair of elements such as ``O-Si``, or ``frame 12``.
    where
        Distance of the pair, or of each atom from its place, in Å, in the middle of each step.
    sizes
        Energy in meV, or force in meV/Å, that is not accounted for in each step.
    refined_where, refined_sizes
        The same in the smallest steps that were made, for some of them; None if there are none.
    """

    name: str
    where: tuple[float, ...]
    sizes: tuple[float, ...]
    refined_where: tuple[float, ...] | None = None
    refined_sizes: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class SmoothnessDetails(Details):
    """All lines behind one number."""

    lines: tuple[LineSteps, ...]
