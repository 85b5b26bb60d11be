"""Curves behind a wall, a hole or a compression, under the key ``short_range``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, Numbers

__all__ = ["KEY", "ScanCurve", "ShortRangeDetails"]

KEY: Final = "short_range"


@dataclass(frozen=True, slots=True)
class ScanCurve(Details):
    """An energy along one scan.

    Parameters
    ----------
    name
        What was moved: a pair of elements such as ``O-Si``, or ``frame 12``.
    where
        Distances in Å, or volumes as parts of that of the frame.
    energies
        In eV above the first point (``wall``), above the separated atoms (``hole``), or per atom
        above the first point (``compression``); None where there is no finite one.
    repulsion
        Energy of `ms25_suite.metrics.scans.zbl.zbl_energy` at the same distances in eV.
    """

    name: str
    where: tuple[float, ...]
    energies: Numbers
    repulsion: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class ShortRangeDetails(Details):
    """All scans behind one number."""

    curves: tuple[ScanCurve, ...]
