"""Edges in an order that does not depend on who found them."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.frames import FloatArray


def ordered(i: object, j: object, vectors: FloatArray) -> FloatArray:
    """Rows of both atoms and the vector."""
    table = np.column_stack([i, j, vectors.round(9) + 0.0])
    return table[np.lexsort(table.T[::-1])]
