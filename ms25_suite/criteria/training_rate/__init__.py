"""How fast the errors fall with the number of training frames."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import DIMENSIONLESS, QUANTITY_UNITS

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="training_rate",
    title="Data training rate",
    question="How fast does the error fall with the number of training frames?",
    place=20,
    measures={name: Measure("rate", DIMENSIONLESS, at_least=True) for name in QUANTITY_UNITS},
    compares_labels=True,
    not_asked="ms25_suite.criteria.training_rate.series:not_asked",
    section="ms25_suite.criteria.training_rate.figure:section",
)
