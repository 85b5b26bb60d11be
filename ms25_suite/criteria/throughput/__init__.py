"""Speed of molecular dynamics in LAMMPS, and benchmarks."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import SPEED_UNIT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="throughput",
    title="Throughput",
    question="How many thousands of atom-steps per second are computed?",
    place=80,
    measures={"katoms_per_s": Measure("measurement", SPEED_UNIT, at_least=True)},
    main="katoms_per_s",
    by_default=False,
    alone=True,
    not_asked="ms25_suite.criteria.throughput.timing:not_asked",
    section="ms25_suite.criteria.throughput.figure:section",
)
