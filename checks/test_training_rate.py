"""How fast do the errors fall with the number of training frames?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.training_rate.measure import measure_training_rate


@pytest.mark.training_rate
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_training_rate(ms25_learning_curve, quantity, ms25_check_recorder):
    """The slope of the errors over training sizes, on logarithmic scales, is steep enough."""
    rate = measure_training_rate(ms25_learning_curve, quantity, seed=ms25_check_recorder.seed)
    rate.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
