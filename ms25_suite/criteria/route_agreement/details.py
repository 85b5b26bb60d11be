"""What lies behind the difference between two routes, under the key ``route``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, Numbers

__all__ = ["KEY", "RouteDetails"]

KEY: Final = "route"


@dataclass(frozen=True, slots=True)
class RouteDetails(Details):
    """Two evaluations of some frames.

    Parameters
    ----------
    route
        One of `ms25_suite.criteria.route_agreement.ROUTES`.
    one, other
        How the frames were evaluated, in words.
    dtype
        Floating-point type whose rounding is the mark.
    frames
        Indices of the frames in their dataset.
    n_atoms
        Number of atoms of each frame.
    differences
        Largest difference in each frame, in the unit of the result.
    """

    route: str
    one: str
    other: str
    dtype: str
    frames: tuple[int, ...]
    n_atoms: tuple[int, ...]
    differences: Numbers
