"""Does molecular dynamics conserve the energy, and do the atoms stay apart?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.stability.measure import (CRITERION, run_dynamics)


@pytest.mark.stability
def test_stability(dataset, potential, check_recorder, run_settings):
    """The energy drifts by no more than the threshold, and no run ends early."""
    runs = run_dynamics(
        potential,
        dataset,
        n_steps=run_settings.md_steps,
        seed=run_settings.seed,
        ensembles=run_settings.md_ensembles,
    )
    runs.record(check_recorder, run_settings.threshold(CRITERION, dataset, "energy_drift"))
    failed = check_recorder.failed(strict=run_settings.strict)
    assert not failed, "\n".join(result.explain() for result in failed)
