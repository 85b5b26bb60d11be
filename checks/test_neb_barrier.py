"""Is the barrier of the reaction that of the reference?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.neb_barrier.measure import measure_neb


@pytest.mark.neb_barrier
def test_neb_barrier(dataset, potential, check_recorder, run_settings):
    """The band converges, and its barrier differs by no more than the threshold."""
    band = measure_neb(potential, dataset, steps=run_settings.neb_steps)
    band.record(check_recorder)
    check_recorder.conclude()
