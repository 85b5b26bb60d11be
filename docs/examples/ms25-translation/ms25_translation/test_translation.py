"""Do energies and forces stay the same when all atoms move together?"""

from __future__ import annotations

import pytest

from ms25_translation.measure import measure_translation


@pytest.mark.translation
def test_translation(dataset, potential, check_recorder):
    """Energies and forces change by no more than rounding."""
    errors = measure_translation(potential, dataset, seed=check_recorder.seed)
    errors.record(check_recorder)
    check_recorder.conclude()
