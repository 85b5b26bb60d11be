"""Is a potential accurate on other structures of the elements that it was trained on?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.framework_transfer.measure import measure_framework_transfer


@pytest.mark.framework_transfer
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_framework_transfer(ms25_transfer, quantity, ms25_check_recorder):
    """The mean absolute error on the other framework does not exceed the threshold."""
    errors = measure_framework_transfer(ms25_transfer, quantity)
    errors.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
