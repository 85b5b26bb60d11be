"""Numbers behind the verdict on a law, under the key ``consistency``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details

__all__ = ["KEY", "Compared", "ConsistencyDetails"]

KEY: Final = "consistency"


@dataclass(frozen=True, slots=True)
class Compared(Details):
    """One number that should be zero.

    Parameters
    ----------
    frame
        Index of the frame in its dataset.
    what
        What was done with it, in words.
    quantity
        ``energy``, ``forces`` or ``stress``.
    value
        Difference, in `unit`.
    allowed
        What rounding explains; for a slope of the energy, the numerical error of the difference.
    unit
        ``meV/atom``, ``meV/Å`` or ``meV/Å^3``.
    """

    frame: int
    what: str
    quantity: str
    value: float
    allowed: float
    unit: str


@dataclass(frozen=True, slots=True)
class ConsistencyDetails(Details):
    """All numbers behind one law.

    Parameters
    ----------
    compared
        The numbers, in the order in which they were asked for.
    """

    compared: tuple[Compared, ...]
