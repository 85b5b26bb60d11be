"""The same weights by another route: other batches, precision, packages, programs and devices."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import QUANTITY_UNITS

__all__ = ["CRITERION", "ROUTES"]

ROUTES: Final = (
    "same_as",
    "batch",
    "workers",
    "precision",
    "compiled",
    "calculator",
    "lammps",
    "pair_style",
    "torch_sim",
    "device",
)
"""Routes, in the order of the checks."""

CRITERION = Criterion(
    name="route_agreement",
    title="Agreement of routes",
    question="Do the same weights give the same numbers by another route?",
    place=65,
    measures={
        f"{route}_{quantity}": Measure("error", unit)
        for route in ROUTES
        for quantity, unit in QUANTITY_UNITS.items()
    },
    is_law=True,
    not_asked="ms25_suite.criteria.route_agreement.selection:not_asked",
    section="ms25_suite.criteria.route_agreement.figure:section",
)
