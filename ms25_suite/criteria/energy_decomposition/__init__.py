"""What the energy error is made of: constants, a pressure, kinds of frames, and the rest."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import DIMENSIONLESS, ENERGY_UNIT, PERCENT, STRESS_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="energy_decomposition",
    title="Energy decomposition",
    question="Which part of the energy error is systematic, and which part cancels?",
    place=12,
    measures={
        "systematic": Measure("measurement", PERCENT),
        "constant": Measure("measurement", ENERGY_UNIT),
        "element": Measure("measurement", ENERGY_UNIT),
        "volume": Measure("measurement", ENERGY_UNIT),
        "kind": Measure("measurement", ENERGY_UNIT),
        "rest": Measure("measurement", ENERGY_UNIT),
        "pressure": Measure("error", STRESS_UNIT),
        "differences": Measure("mae", ENERGY_UNIT),
        "cancellation": Measure("ratio", DIMENSIONLESS),
    },
    main="systematic",
    by_default=False,
    compares_labels=True,
    section="ms25_suite.criteria.energy_decomposition.figure:section",
)
