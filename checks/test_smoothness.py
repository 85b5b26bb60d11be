"""Are energy and forces continuous, also where neighbours cross the cutoff?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.smoothness.measure import SMOOTHNESS_QUANTITIES, measure_smoothness


@pytest.mark.smoothness
@pytest.mark.parametrize("quantity", SMOOTHNESS_QUANTITIES)
def test_smoothness(ms25_smoothness_scan, quantity, ms25_check_recorder):
    """No step of the energy, and no jump of a force, within what an atom moves in a time step."""
    number = measure_smoothness(ms25_smoothness_scan, quantity)
    number.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
