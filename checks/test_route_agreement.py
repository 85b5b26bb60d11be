"""Do the same weights give the same numbers by another route?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.route_agreement import CRITERION


@pytest.mark.route_agreement
@pytest.mark.parametrize("quantity", CRITERION.measures)
def test_route_agreement(ms25_route_comparison, quantity, ms25_check_recorder):
    """Two routes to the same number differ by no more than rounding."""
    difference = ms25_route_comparison.measure(quantity)
    difference.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
