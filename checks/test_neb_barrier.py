"""Is the barrier of the reaction that of the reference?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.neb_barrier.measure import measure_neb


@pytest.mark.neb_barrier
def test_neb_barrier(ms25_dataset, ms25_potential, ms25_check_recorder, ms25_run_settings):
    """The band converges, and its barrier differs by no more than the threshold."""
    settings = ms25_run_settings
    band = measure_neb(
        ms25_potential, ms25_dataset, steps=settings.neb_steps, climb=settings.neb_climb
    )
    band.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
