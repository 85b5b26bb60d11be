"""Errors on other structures of the same elements."""

from __future__ import annotations

from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.core.units import QUANTITY_UNITS

__all__ = ["CRITERION"]

CRITERION = Criterion(
    name="framework_transfer",
    title="Framework transfer",
    question="Does a potential trained on one framework hold on others?",
    place=40,
    measures={quantity: Measure("mae", unit) for quantity, unit in QUANTITY_UNITS.items()},
    needs="transfer",
    needs_text='[transfer] to = ["NAME", …], other structures of the same elements',
    is_transfer=True,
    compares_labels=True,
    not_asked="ms25_suite.criteria.transfer:not_asked",
    section="ms25_suite.criteria.framework_transfer.figure:section",
)
