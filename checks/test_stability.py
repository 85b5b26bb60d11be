"""Does molecular dynamics conserve the energy, and do the atoms stay apart?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.stability.measure import measure_stability


@pytest.mark.stability
def test_stability(dataset, potential, check_recorder, run_settings):
    """The energy drifts by no more than the threshold, and no run ends early."""
    runs = measure_stability(
        potential,
        dataset,
        n_steps=run_settings.md_steps,
        seed=check_recorder.seed,
        ensembles=run_settings.md_ensembles,
    )
    runs.record(check_recorder)
    check_recorder.conclude()
