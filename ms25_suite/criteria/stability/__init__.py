"""Energy drift of short molecular dynamics, and whether atoms collapse or fly apart."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import DRIFT_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="stability",
    title="Stability",
    question="Does molecular dynamics conserve the energy, and do the atoms stay apart?",
    place=70,
    measures={"energy_drift": Measure("error", DRIFT_UNIT)},
    main="energy_drift",
    by_default=False,
    is_observable=True,
    section="ms25_suite.criteria.stability.figure:section",
)
