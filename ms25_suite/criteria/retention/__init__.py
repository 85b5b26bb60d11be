"""What a fine-tuned potential has kept of what its parent knew."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import BARRIER_UNIT, ENERGY_UNIT, PERCENT, QUANTITY_UNITS

__all__ = ["CRITERION", "WALLS"]

WALLS: Final = {
    "wall": Measure("measurement", BARRIER_UNIT, at_least=True),
    "softening": Measure("measurement", PERCENT),
    "hole": Measure("measurement", BARRIER_UNIT),
    "compression": Measure("measurement", ENERGY_UNIT),
}
"""Quantities of the criterion ``short_range`` that need no labels."""

CRITERION = Criterion(
    name="retention",
    title="Retention",
    question="Has fine-tuning kept what the parent knew?",
    place=27,
    measures={
        **{quantity: Measure("difference", unit) for quantity, unit in QUANTITY_UNITS.items()},
        **WALLS,
        "consistency": Measure("error", "1"),
    },
    compares_labels=True,
    without_labels=(*WALLS, "consistency"),
    not_asked="ms25_suite.criteria.retention.lineage:not_asked",
    section="ms25_suite.criteria.retention.figure:section",
)
