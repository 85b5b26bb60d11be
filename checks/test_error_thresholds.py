"""Are energies, forces and stresses as close to the reference as a DFT-quality study needs?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.error_thresholds.measure import measure_errors


@pytest.mark.error_thresholds
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_error_thresholds(ms25_compared_frames, quantity, ms25_check_recorder):
    """The mean absolute error over the test frames does not exceed the threshold."""
    errors = measure_errors(ms25_compared_frames, quantity)
    errors.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
