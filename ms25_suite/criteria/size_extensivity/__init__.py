"""Errors in cells of another size, and energies of doubled cells."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import ENERGY_UNIT, FORCES_UNIT, QUANTITY_UNITS

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="size_extensivity",
    title="Size extensivity",
    question="Do the errors stay the same in a cell larger than those trained on?",
    place=30,
    measures={
        **{quantity: Measure("mae", unit) for quantity, unit in QUANTITY_UNITS.items()},
        "supercell_energy": Measure("error", ENERGY_UNIT),
        "supercell_forces": Measure("error", FORCES_UNIT),
    },
    needs="extensivity",
    needs_text='[extensivity] partner = "NAME", the same material in another cell',
    is_transfer=True,
    compares_labels=True,
    without_labels=("supercell_energy", "supercell_forces"),
    not_asked="ms25_suite.criteria.size_extensivity.supercells:not_asked",
    section="ms25_suite.criteria.size_extensivity.figure:section",
)
