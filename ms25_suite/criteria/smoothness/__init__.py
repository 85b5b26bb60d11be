"""Steps of the energy and jumps of the force, where neighbours come within the cutoff or leave."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import FORCES_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="smoothness",
    title="Smoothness",
    question="Are energy and forces continuous, also where neighbours cross the cutoff?",
    place=16,
    measures={
        "energy_step": Measure("measurement", "meV"),
        "force_jump": Measure("measurement", FORCES_UNIT),
        "roughness": Measure("measurement", FORCES_UNIT),
    },
    is_law=True,
    not_asked="ms25_suite.criteria.smoothness.lines:not_asked",
    section="ms25_suite.criteria.smoothness.figure:section",
)
