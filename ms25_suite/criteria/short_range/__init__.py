"""Walls that hold atoms apart: pairs pushed together, pairs in vacuum, compressed cells."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import BARRIER_UNIT, ENERGY_UNIT, LENGTH_UNIT, PERCENT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="short_range",
    title="Short range",
    question="Do atoms repel each other at short distances, without a hole to fall into?",
    place=17,
    measures={
        "wall": Measure("measurement", BARRIER_UNIT, at_least=True),
        "softening": Measure("measurement", PERCENT),
        "hole": Measure("measurement", BARRIER_UNIT),
        "compression": Measure("measurement", ENERGY_UNIT),
        "wall_at_1_ev": Measure("error", LENGTH_UNIT),
        "wall_at_5_ev": Measure("error", LENGTH_UNIT),
        "wall_at_10_ev": Measure("error", LENGTH_UNIT),
    },
    is_law=True,
    compares_labels=True,
    without_labels=("wall", "softening", "hole", "compression"),
    not_asked="ms25_suite.criteria.short_range.reference:not_asked",
    section="ms25_suite.criteria.short_range.figure:section",
)
