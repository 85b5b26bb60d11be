"""Points of parity plots that name their frame: some of each panel, the worst frames first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ms25_suite.core.details import WorstFrame, details_of
from ms25_suite.report.figures.parity import Parity, panel_box, panel_range
from ms25_suite.report.wording import pretty_unit

__all__ = ["named_points", "thinned"]

_MOST: Final = 120
"""Points of a panel."""

_ALL: Final = 24_000
"""Points of a page, where each takes some 12 bytes."""

_FEWEST: Final = 10

_OF_A_WORST_FRAME: Final = 3
"""Points of each of the frames with the largest mean errors; of the others one is shown."""


def named_points(parities: Sequence[Parity]) -> list[dict[str, Any]]:
    """Panels of a figure of parity plots, with the points that name their frame.

    Returns
    -------
    :
        For each panel its place in the figure (``box``, parts of its size from the lower left), the
        ends of both axes (``range``), ``quantity``, ``unit`` and ``points``: lists of frame,
        reference and predicted. Panels whose frames are not known are left out.
    """
    panels = []
    for number, parity in enumerate(parities):
        if parity.frames is None:
            continue
        chosen = _chosen(parity, parity.frames)
        decimals = _decimals(parity)
        panels.append(
            {
                "box": [round(part, 5) for part in panel_box(number, len(parities))],
                "range": list(panel_range(parity)),
                "quantity": parity.result.quantity,
                "unit": pretty_unit(parity.unit),
                "points": [
                    [
                        int(parity.frames[one]),
                        round(float(parity.reference[one]), decimals),
                        round(float(parity.predicted[one]), decimals),
                    ]
                    for one in chosen
                ],
            }
        )
    return panels


def thinned(figures: Sequence[Sequence[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Figures with so few points in each panel that the page stays small."""
    count = sum(map(len, figures))
    most = max(_ALL // max(count, 1), _FEWEST)
    return [[panel | {"points": panel["points"][:most]} for panel in panels] for panels in figures]


def _chosen(parity: Parity, frames: NDArray[np.int64]) -> list[int]:
    """Indices of the largest errors of the worst frames, then of the largest of each other."""
    errors = np.abs(parity.predicted - parity.reference)
    order = np.argsort(-errors, kind="stable")
    found = details_of(parity.result, "worst_frames", tuple[WorstFrame, ...]) or ()
    chosen: list[int] = []
    for worst in found:
        chosen += order[frames[order] == worst.frame][:_OF_A_WORST_FRAME].tolist()
    # The first place of each frame in the order of the errors is that of its largest.
    _, first = np.unique(frames[order], return_index=True)
    chosen += order[np.sort(first)].tolist()
    return list(dict.fromkeys(chosen))[:_MOST]


def _decimals(parity: Parity) -> int:
    """Decimals with which an error has two digits at least, where it is as large as the mean."""
    error = float(np.abs(parity.predicted - parity.reference).mean())
    size = error or float(np.ptp(parity.reference)) or 1.0
    return min(max(2 - math.floor(math.log10(size)), 0), 12)
