"""Are energies, forces and stresses as close to the reference as a DFT-quality study needs?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.error_thresholds.measure import measure_errors


@pytest.mark.error_thresholds
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_error_thresholds(compared_frames, quantity, check_recorder):
    """The mean absolute error over the test frames does not exceed the threshold."""
    errors = measure_errors(compared_frames, quantity, seed=check_recorder.seed)
    errors.record(check_recorder)
    check_recorder.conclude()
