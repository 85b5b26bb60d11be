"""Errors of a potential on other structures of the same elements."""

from __future__ import annotations

from ms25_suite.core.fields import Quantity
from ms25_suite.criteria.transfer import Transfer, TransferErrors, measure_transfer

__all__ = ["measure_framework_transfer"]


def measure_framework_transfer(transfer: Transfer, quantity: Quantity) -> TransferErrors:
    """Errors of a quantity on the other framework, on a potential's own, and their ratio.

    Raises
    ------
    NotApplicableError
        The frames of the other framework have no labels or predictions of it.
    """
    return measure_transfer(transfer, quantity)
