"""What is behind the numbers of a committee, under the key ``committee``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, expect_same_length

__all__ = ["KEY", "CommitteeDetails"]

KEY: Final = "committee"


@dataclass(frozen=True, slots=True)
class CommitteeDetails(Details):
    """Spread and error of a committee.

    Parameters
    ----------
    members
        Names of the potentials.
    unit
        Unit of errors and spreads.
    expected, found
        Root mean square error that the spread lets expect, and that of the mean of the members, in
        bins of equally many atoms or frames from the smallest spread to the largest, in ``unit``.
    levels, within
        Levels of intervals, and part of the errors that are within them.
    foretold
        Warning rate that the members have for each other.
    """

    members: tuple[str, ...]
    unit: str
    expected: tuple[float, ...]
    found: tuple[float, ...]
    levels: tuple[float, ...]
    within: tuple[float, ...]
    foretold: float

    def __post_init__(self) -> None:
        expect_same_length((self.expected, self.found))
        expect_same_length((self.levels, self.within))
