"""Equation of state: equilibrium volume or lattice constant, and bulk modulus."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import LENGTH_UNIT, PERCENT

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="eos",
    title="Equation of state",
    question="Do the equilibrium volume and the bulk modulus agree with the reference?",
    place=50,
    measures={
        "lattice_constant": Measure("error", LENGTH_UNIT),
        "volume": Measure("error", PERCENT),
        "bulk_modulus": Measure("error", PERCENT),
    },
    main="volume",
    needs="eos",
    needs_text="curves of an equation of state",
    is_observable=True,
    compares_labels=True,
    section="ms25_suite.criteria.eos.figure:section",
)
