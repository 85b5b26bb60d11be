"""Errors of energies, forces and stresses against thresholds."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import QUANTITY_UNITS

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="error_thresholds",
    title="Error thresholds",
    question="Are the mean absolute errors on unseen frames within the threshold?",
    place=10,
    measures={quantity: Measure("mae", unit) for quantity, unit in QUANTITY_UNITS.items()},
    compares_labels=True,
)
