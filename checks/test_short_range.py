"""Do atoms repel each other at short distances, without a hole to fall into?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.short_range.measure import SHORT_RANGE_QUANTITIES, measure_short_range


@pytest.mark.short_range
@pytest.mark.parametrize("quantity", SHORT_RANGE_QUANTITIES)
def test_short_range(ms25_short_range_scan, quantity, ms25_check_recorder):
    """A wall holds all atoms apart, nothing lies behind it, and compression costs energy."""
    number = measure_short_range(ms25_short_range_scan, quantity)
    number.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
