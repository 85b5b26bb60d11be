"""Does molecular dynamics conserve the energy, and do the atoms stay apart?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.stability.measure import measure_stability


@pytest.mark.stability
def test_stability(ms25_dataset, ms25_potential, ms25_check_recorder, ms25_run_settings):
    """The energy drifts by no more than the threshold, and no run ends early."""
    runs = measure_stability(
        ms25_potential,
        ms25_dataset,
        n_steps=ms25_run_settings.md_steps,
        seed=ms25_check_recorder.seed,
        ensembles=ms25_run_settings.md_ensembles,
    )
    runs.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
