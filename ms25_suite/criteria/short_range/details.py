"""Curves behind a wall, a hole or a compression, under the key ``short_range``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.details import Details, Numbers
from ms25_suite.core.frames import FloatArray
from ms25_suite.criteria.short_range.pushes import Curve
from ms25_suite.metrics.scans.dimers import Pair, pair_name
from ms25_suite.metrics.scans.zbl import zbl_energy

__all__ = ["KEY", "ScanCurve", "ShortRangeDetails", "described", "gaps"]

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
    reference
        Energies of the reference calculator at the same distances, as `energies`.
    """

    name: str
    where: tuple[float, ...]
    energies: Numbers
    repulsion: tuple[float, ...] | None = None
    reference: Numbers | None = None


@dataclass(frozen=True, slots=True)
class ShortRangeDetails(Details):
    """All scans behind one number."""

    curves: tuple[ScanCurve, ...]


def described(
    curves: Sequence[Curve], reference: Mapping[Pair, FloatArray] | None = None
) -> tuple[ScanCurve, ...]:
    """Curves of pairs, beside the repulsion of their nuclei and energies of the reference."""
    theirs = reference or {}
    return tuple(
        ScanCurve(
            pair_name(curve.pair),
            tuple(curve.distances.round(4).tolist()),
            gaps(curve.energies),
            tuple(zbl_energy(*curve.pair, curve.distances).round(4).tolist()),
            gaps(theirs[curve.pair]) if curve.pair in theirs else None,
        )
        for curve in curves
    )


def gaps(energies: FloatArray) -> tuple[float | None, ...]:
    """Energies for `ScanCurve`, with None for what is not finite."""
    return tuple(round(float(e), 6) if np.isfinite(e) else None for e in energies)
