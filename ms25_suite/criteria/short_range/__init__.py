"""Walls that hold atoms apart: pairs pushed together, pairs in vacuum, compressed cells."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import BARRIER_UNIT, ENERGY_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="short_range",
    title="Short range",
    question="Do atoms repel each other at short distances, without a hole to fall into?",
    place=17,
    measures={
        "wall": Measure("measurement", BARRIER_UNIT, at_least=True),
        "hole": Measure("measurement", BARRIER_UNIT),
        "compression": Measure("measurement", ENERGY_UNIT),
    },
    is_law=True,
    not_asked="ms25_suite.criteria.short_range.scan:not_asked",
    section="ms25_suite.criteria.short_range.figure:section",
)
