"""Several potentials of one kind, and whether their spread tells where they are wrong."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import DIMENSIONLESS, PERCENT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="committee",
    title="Committee",
    question="Does the spread of several potentials warn where they are wrong?",
    place=25,
    measures={
        f"{quantity}_{name}": measure
        for quantity in ("energy", "forces")
        for name, measure in {
            "warning": Measure("rate", DIMENSIONLESS, at_least=True),
            "overconfidence": Measure("ratio", DIMENSIONLESS),
            "coverage": Measure("rate", PERCENT, at_least=True),
            "likelihood": Measure("measurement", DIMENSIONLESS, at_least=True),
            "correlation": Measure("measurement", DIMENSIONLESS, at_least=True),
            "averaging": Measure("ratio", DIMENSIONLESS),
        }.items()
    },
    compares_labels=True,
    not_asked="ms25_suite.criteria.committee.members:not_asked",
    section="ms25_suite.criteria.committee.figure:section",
)
