"""Errors of energies, forces and stresses against thresholds."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import (
    ANGLE_UNIT,
    ENERGY_UNIT,
    FORCES_UNIT,
    PERCENT,
    QUANTITY_UNITS,
    STRESS_UNIT,
)

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="error_thresholds",
    title="Error thresholds",
    question="Are the mean absolute errors on unseen frames within the threshold?",
    place=10,
    measures={
        **{quantity: Measure("mae", unit) for quantity, unit in QUANTITY_UNITS.items()},
        # Parts of these errors, which a mean over everything hides.
        "energy_aligned": Measure("measurement", ENERGY_UNIT),
        "energy_as_predicted": Measure("measurement", ENERGY_UNIT),
        "energy_by_kind": Measure("part", ENERGY_UNIT, part_of="energy"),
        "energy_p95": Measure("error", ENERGY_UNIT, part_of="energy"),
        "energy_worst_frame": Measure("error", ENERGY_UNIT, part_of="energy"),
        "forces_by_element": Measure("part", FORCES_UNIT, part_of="forces"),
        "forces_scale": Measure("error", PERCENT, part_of="forces"),
        "forces_by_size": Measure("part", FORCES_UNIT, part_of="forces"),
        "forces_angle": Measure("part", ANGLE_UNIT, part_of="forces"),
        "forces_by_kind": Measure("part", FORCES_UNIT, part_of="forces"),
        "forces_p95": Measure("error", FORCES_UNIT, part_of="forces"),
        "forces_worst_frame": Measure("error", FORCES_UNIT, part_of="forces"),
        "stress_diagonal": Measure("part", STRESS_UNIT, part_of="stress"),
        "stress_shear": Measure("part", STRESS_UNIT, part_of="stress"),
    },
    compares_labels=True,
    section="ms25_suite.criteria.error_thresholds.figure:section",
)
