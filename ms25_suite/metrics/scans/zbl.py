"""Repulsion of two nuclei screened by their electrons: the scale of short distances.

J. F. Ziegler, J. P. Biersack and U. Littmark, *The Stopping and Range of Ions in Solids*, Pergamon,
New York (1985), equations 2-60 to 2-63: a screened Coulomb energy, universal for all pairs of
elements and within some 10 % of self-consistent calculations at short distances. The constants are
those of ``pair_style zbl`` of LAMMPS, with more digits than the book.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray

__all__ = ["CORE_EV", "core_distance", "zbl_energy"]

_COULOMB: Final = 14.3996454
"""e^2 / (4 pi epsilon_0) in eV Å (CODATA 2018)."""

_LENGTH: Final = 0.46850
"""0.8854 Bohr radii in Å."""

_EXPONENT: Final = 0.23

_WEIGHTS: Final = np.array([0.18175, 0.50986, 0.28022, 0.02817])
_RATES: Final = np.array([3.19980, 0.94229, 0.40290, 0.20162])
"""The screening function is the sum of weight * exp(-rate * x), with x in screening lengths."""

CORE_EV: Final = 30.0
"""Energy of `zbl_energy` in eV from which a pair counts as inside its core. The shortest bonds of
all molecules have at most 14 eV: N2 (1.098 Å), CO (1.128 Å), O2 (1.208 Å), Cr2 (1.68 Å), Mo2
(1.94 Å; K. P. Huber and G. Herzberg, *Constants of Diatomic Molecules*, 1979, and the NIST
WebBook). Inside twice that, nothing holds two atoms together."""


def zbl_energy(one: int, other: int, distances: npt.ArrayLike) -> FloatArray:
    """Energy of two atoms by Ziegler, Biersack and Littmark, in eV.

    Parameters
    ----------
    one, other
        Atomic numbers.
    distances
        Distances in Å, positive, of any shape.

    Examples
    --------
    Two atoms of oxygen at 1.208 Å, their bond length in O2, and at 0.5 Å:

    >>> zbl_energy(8, 8, [1.208, 0.5]).round(1).tolist()
    [11.7, 191.5]
    """
    r = np.asarray(distances, dtype=np.float64)
    screening = _LENGTH / (one**_EXPONENT + other**_EXPONENT)
    phi = (_WEIGHTS * np.exp(-_RATES * (r / screening)[..., None])).sum(axis=-1)
    return np.asarray(one * other * _COULOMB / r * phi)


def core_distance(one: int, other: int, energy: float = CORE_EV) -> float:
    """Distance in Å at which `zbl_energy` has a value in eV.

    Examples
    --------
    >>> round(core_distance(24, 24), 2), round(core_distance(8, 14), 2)
    (1.34, 1.04)
    """
    from scipy.optimize import brentq

    def above(log_r: float) -> float:
        return float(np.log(zbl_energy(one, other, np.exp(log_r))) - np.log(energy))

    return float(np.exp(brentq(above, np.log(1e-3), np.log(20.0))))
