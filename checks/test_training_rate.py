"""How fast do the errors fall with the number of training frames?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES


@pytest.mark.training_rate
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_training_rate(learning_curve, dataset, quantity, check_recorder, run_settings):
    """The slope of the errors over training sizes, on logarithmic scales; measured unless asked."""
    result = learning_curve.record(
        check_recorder,
        run_settings.threshold("training_rate", dataset, quantity),
        quantity,
        mark=run_settings.threshold("error_thresholds", dataset, quantity),
        seed=run_settings.seed,
    )
    if result is None:
        pytest.skip(learning_curve.why_not(quantity))
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()
