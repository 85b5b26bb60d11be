"""Do energies and forces stay the same when all atoms move together?"""

from __future__ import annotations

import pytest

from ms25_translation.measure import measure_translation


@pytest.mark.translation
def test_translation(ms25_dataset, ms25_potential, ms25_check_recorder):
    """Energies and forces change by no more than rounding."""
    errors = measure_translation(ms25_potential, ms25_dataset, seed=ms25_check_recorder.seed)
    errors.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
