"""Is the barrier of the reaction that of the reference?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.neb_barrier.measure import (CRITERION, judge_band)


@pytest.mark.neb_barrier
def test_neb_barrier(dataset, potential, check_recorder, run_settings):
    """The band converges, and its barrier differs by no more than the threshold."""
    band = judge_band(potential, dataset, steps=run_settings.neb_steps)
    if band is None:
        pytest.skip(f"{dataset.name} has no path of a reaction")
    threshold = run_settings.threshold(CRITERION, dataset, "barrier")
    result = band.record(check_recorder, threshold)
    assert not check_recorder.failed(strict=run_settings.strict), result.explain()
