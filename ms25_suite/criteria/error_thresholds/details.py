"""Errors of the parts of a group, under the key ``parts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details
from ms25_suite.core.results import Verdict

__all__ = ["KEY", "PartDetails", "PartsDetails"]

KEY: Final = "parts"


@dataclass(frozen=True, slots=True)
class PartDetails(Details):
    """Error of one part.

    Parameters
    ----------
    name
        An element, a range of sizes, a kind of frames.
    value
        Its error, in the unit of the result.
    interval
        Interval that holds together with those of the other parts at 95 %; None without one.
    n_frames
        Number of frames behind it.
    threshold
        Threshold of this part; None if it is not judged.
    verdict
        Its verdict; None if it is not judged, for lack of frames for instance.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    n_frames: int
    threshold: float | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class PartsDetails(Details):
    """All parts of a group, the worst first.

    Parameters
    ----------
    what
        What the parts are, for headings.
    parts
        The parts.
    """

    what: str
    parts: tuple[PartDetails, ...]
