"""Symmetric tensors as six components in Voigt order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames.arrays import FloatArray

__all__ = ["from_voigt", "to_voigt"]


def to_voigt(tensors: npt.ArrayLike) -> FloatArray:
    """Symmetric part of tensors in Voigt order xx yy zz yz xz xy (ASE's).

    Parameters
    ----------
    tensors
        Shape ``(…, 3, 3)``.

    Returns
    -------
    :
        Shape ``(…, 6)``.

    Examples
    --------
    >>> to_voigt([[1, 6, 5], [6, 2, 4], [5, 4, 3]]).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """
    full = np.asarray(tensors, dtype=np.float64)
    # The antisymmetric part of a stress is noise: an energy that does not change under rotation
    # has a symmetric stress.
    symmetric = 0.5 * (full + np.swapaxes(full, -1, -2))
    return symmetric[..., [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def from_voigt(components: npt.ArrayLike) -> FloatArray:
    """Symmetric tensors from components in Voigt order xx yy zz yz xz xy.

    Parameters
    ----------
    components
        Shape ``(…, 6)``.

    Returns
    -------
    :
        Shape ``(…, 3, 3)``.

    Examples
    --------
    >>> from_voigt([1, 2, 3, 4, 5, 6]).tolist()
    [[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]
    """
    rows = np.asarray(components, dtype=np.float64)[..., [0, 5, 4, 5, 1, 3, 4, 3, 2]]
    return rows.reshape(*rows.shape[:-1], 3, 3)
