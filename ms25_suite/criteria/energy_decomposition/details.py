"""Terms of an energy error, under the key ``terms``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details

__all__ = ["KEY", "TermDetails", "TermsDetails"]

KEY: Final = "terms"


@dataclass(frozen=True, slots=True)
class TermDetails(Details):
    """One term.

    Parameters
    ----------
    name
        ``constant``, ``element``, ``volume``, ``kind`` or ``rest``.
    n_parameters
        Parameters that the frames determine; 0 for the rest, and for a term that they do not
        determine.
    size, size_interval
        Root mean square in meV/atom, and its interval.
    share, share_interval
        Part of the mean square error in per cent, and its interval.
    """

    name: str
    n_parameters: int
    size: float
    size_interval: tuple[float, float] | None
    share: float
    share_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class TermsDetails(Details):
    """All terms, in the order of the fit.

    Parameters
    ----------
    terms
        The terms; the last one is the rest.
    without
        Why terms are missing, in words.
    """

    terms: tuple[TermDetails, ...]
    without: tuple[str, ...] = ()
