"""Does the equation of state have its minimum where the reference has it?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.eos.measure import (CRITERION, judge_curves)


@pytest.mark.eos
def test_eos(dataset, potential, eos_atoms, check_recorder, run_settings):
    """The mean error of the lattice constant, or of the volume, does not exceed the threshold."""
    curves = judge_curves(potential, dataset, relaxed=eos_atoms == "relaxed")
    if curves is None:
        pytest.skip(f"{dataset.name} has no curves with {eos_atoms} atoms")
    observable = curves.reference.config.observable
    thresholds = {
        quantity: run_settings.threshold(CRITERION, dataset, quantity)
        for quantity in (observable, "bulk_modulus")
    }
    curves.record(check_recorder, thresholds, seed=run_settings.seed)
    failed = check_recorder.failed(strict=run_settings.strict)
    assert not failed, "\n".join(result.explain() for result in failed)
