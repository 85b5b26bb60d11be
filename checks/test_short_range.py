"""Do atoms repel each other at short distances, without a hole to fall into?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.short_range.measure import SHORT_RANGE_QUANTITIES, measure_short_range
from ms25_suite.criteria.short_range.reference import AT_EV, measure_wall_shift


@pytest.mark.short_range
@pytest.mark.parametrize("quantity", SHORT_RANGE_QUANTITIES)
def test_short_range(ms25_short_range_scan, quantity, ms25_check_recorder):
    """A wall that gets steeper holds atoms apart, and compression costs energy."""
    number = measure_short_range(ms25_short_range_scan, quantity)
    number.record(ms25_check_recorder)
    ms25_check_recorder.conclude()


@pytest.mark.short_range
@pytest.mark.parametrize("quantity", AT_EV)
def test_walls_of_the_reference(
    ms25_short_range_scan, ms25_reference_pushes, quantity, ms25_check_recorder
):
    """Where the walls are, beside those of the calculator that made the labels."""
    shift = measure_wall_shift(ms25_short_range_scan, ms25_reference_pushes, quantity)
    shift.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
