"""Which units a factor between two sets of numbers can be the ratio of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["likely_units"]


def likely_units(factor: float, units: Mapping[str, float], closeness: float) -> str:
    """Units whose ratio to that of the suite is about a factor, for a message.

    Parameters
    ----------
    factor
        Factor above zero.
    units
        Name of each unit to its ratio.
    closeness
        Largest ratio, above 1, between the factor and that of a unit.

    Returns
    -------
    :
        The names with their ratios, the closest first, joined by "or"; empty if none is close.
    """
    # Ratios of units are compared on a logarithmic scale, on which too large and too small by the
    # same factor are equally far.
    size = float(np.log(factor))
    distances = {name: abs(size - float(np.log(ratio))) for name, ratio in units.items()}
    return " or ".join(
        f"{name} ({units[name]:.4g})"
        for name in sorted(distances, key=distances.__getitem__)
        if distances[name] < np.log(closeness)
    )
