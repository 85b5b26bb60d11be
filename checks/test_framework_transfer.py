"""Does a potential hold on other structures of the elements that it was trained on?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.comparison import why_not


@pytest.mark.framework_transfer
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_framework_transfer(transfer, dataset, quantity, check_recorder, run_settings):
    """The mean absolute error on the other framework does not exceed the threshold."""
    result = transfer.record(
        check_recorder,
        run_settings.threshold("framework_transfer", dataset, quantity),
        quantity,
        seed=run_settings.seed,
    )
    if result is None:
        pytest.skip(why_not(quantity, transfer.other_frames))
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()
