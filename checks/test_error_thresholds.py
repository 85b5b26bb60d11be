"""Are energies, forces and stresses as close to the reference as a DFT-quality study needs?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.comparison import describe_errors, keep_components, shown, why_not
from ms25_suite.metrics.errors import summarise_errors


@pytest.mark.error_thresholds
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_error_thresholds(
    dataset, potential, quantity, judged_frames, check_recorder, run_settings
):
    """The mean absolute error over the test frames does not exceed the threshold."""
    errors = summarise_errors(
        quantity,
        judged_frames.frames,
        judged_frames.labels,
        judged_frames.predictions,
        seed=run_settings.seed,
    )
    if errors is None:
        pytest.skip(why_not(quantity, judged_frames))
    result = check_recorder.judge(
        run_settings.threshold("error_thresholds", dataset, quantity),
        metric="mae",
        **shown(errors, errors.mae),
        duration_s=judged_frames.duration_s,
        details=describe_errors(errors, judged_frames),
        artifact=keep_components(check_recorder, errors, judged_frames.frames),
    )
    check_recorder.measure(metric="rmse", **shown(errors, errors.rmse))
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()
