"""Tolerances for quantities that must agree up to rounding.

A tolerance is no threshold: it is the numerical noise of two evaluations of the same quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = [
    "EDGE_FORCE",
    "EDGE_STRESS",
    "TERMS",
    "Tolerance",
    "rounding_error",
    "rounding_tolerance",
]

TERMS: Final = 16
"""Rounding errors of a pairwise sum of 2^16 terms, in units in the last place: pairwise summation
of n terms has an error of at most log2(n) units (N. J. Higham, SIAM J. Sci. Comput. 14, 783 (1993),
doi:10.1137/0914050)."""

EDGE_FORCE: Final = 100.0
"""Force between two close atoms in eV/Å. Small forces are sums of such large ones that cancel, so
the rounding error is relative to this one."""

EDGE_STRESS: Final = 20.0
"""Stress of such a force in eV/Å^3: 100 eV/Å times 2.5 Å over 12.5 Å^3."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Largest difference that is rounding, in the unit of the quantity, and the reason for it."""

    value: float
    reason: str


def rounding_tolerance(
    dtype: str, *, allowance: float, stated: str, scale: float, unit: str
) -> Tolerance:
    """Tolerance of a fixed allowance plus 16 units in the last place of a scale.

    Parameters
    ----------
    dtype
        Floating-point type of the potential, ``float64`` or ``float32``.
    allowance
        Difference that is accepted in any type, far below the error of any potential.
    stated
        The allowance as text with its unit, for the reason.
    scale
        Size of the terms that are summed, in the unit of the quantity.
    unit
        Unit of the quantity.

    Raises
    ------
    ValueError
        The type is neither of the two.

    Examples
    --------
    >>> given = {"allowance": 1e-6, "stated": "1e-06 eV", "scale": 4.0, "unit": "eV"}
    >>> rounding_tolerance("float64", **given).value
    1e-06
    >>> rounding_tolerance("float32", **given).value
    8.6e-06
    """
    if dtype not in ("float64", "float32"):
        msg = f"expected float64 or float32, found {dtype!r}"
        raise ValueError(msg)
    step = TERMS * float(np.finfo(dtype).eps)
    reason = (
        f"ms25-suite: rounding in {dtype}, {stated} and {TERMS} units in the last place of "
        f"{scale:.4g} {unit}"
    )
    # Two digits: a tolerance is an order of magnitude.
    return Tolerance(float(f"{allowance + step * scale:.2g}"), reason)


def rounding_error(dtype: str, unit: str, energy_per_atom: float) -> float:
    """Rounding error of a prediction, in the unit of a threshold: 16 units in the last place.

    Parameters
    ----------
    dtype
        Floating-point type of the potential, ``float64`` or ``float32``.
    unit
        Unit of the threshold; of others than ``meV/atom``, ``meV/Å`` and ``meV/Å^3`` it is 0.
    energy_per_atom
        Size of the total energies in eV/atom.

    Examples
    --------
    >>> round(rounding_error("float32", "meV/atom", -3000.0), 1)
    5.7
    >>> round(rounding_error("float32", "meV/Å", -3000.0), 2)
    0.19
    """
    scales = {"meV/atom": abs(energy_per_atom), "meV/Å": EDGE_FORCE, "meV/Å^3": EDGE_STRESS}
    # 1 eV is 1000 meV.
    return 1e3 * TERMS * float(np.finfo(dtype).eps) * scales.get(unit, 0.0)
