"""Errors of a potential in cells of another size."""

from __future__ import annotations

from ms25_suite.core.fields import Quantity
from ms25_suite.criteria.transfer import Transfer, TransferErrors, measure_transfer

__all__ = ["measure_size_extensivity"]


def measure_size_extensivity(transfer: Transfer, quantity: Quantity) -> TransferErrors:
    """Errors of a quantity in the other cell, in a potential's own, and their ratio.

    Where they grow, a finding compares the receptive field with the size of the own cells.

    Raises
    ------
    NotApplicableError
        The frames of the other cell have no labels or predictions of it.
    """
    return measure_transfer(transfer, quantity, of_cell_size=True)
