"""Is a potential as accurate in cells of another size as in those that it was trained on?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.size_extensivity.measure import measure_size_extensivity
from ms25_suite.criteria.size_extensivity.supercells import (
    SUPERCELL_QUANTITIES,
    measure_supercell,
)


@pytest.mark.size_extensivity
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_size_extensivity(ms25_transfer, quantity, ms25_check_recorder):
    """The mean absolute error in cells of another size does not exceed the threshold."""
    errors = measure_size_extensivity(ms25_transfer, quantity)
    errors.record(ms25_check_recorder)
    ms25_check_recorder.conclude()


@pytest.mark.size_extensivity
@pytest.mark.parametrize("quantity", SUPERCELL_QUANTITIES)
def test_supercell(ms25_supercells, quantity, ms25_check_recorder):
    """A cell and its copy side by side hold twice the energy, and the forces are those of both."""
    error = measure_supercell(ms25_supercells, quantity)
    error.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
