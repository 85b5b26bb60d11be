"""Barrier of a reaction along its minimum-energy path."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import BARRIER_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="neb_barrier",
    title="NEB barrier",
    question="Does the barrier along the minimum-energy path agree with the reference?",
    place=60,
    measures={"barrier": Measure("error", BARRIER_UNIT)},
    main="barrier",
    needs="neb",
    needs_text="path of a reaction",
    is_observable=True,
    compares_labels=True,
    section="ms25_suite.criteria.neb_barrier.figure:section",
)
