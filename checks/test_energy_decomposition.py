"""Which part of the energy error is systematic, and which part cancels in what is computed?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.energy_decomposition.measure import measure_terms


@pytest.mark.energy_decomposition
def test_energy_decomposition(ms25_compared_frames, ms25_check_recorder):
    """The energy error on the test frames is split into constants, a pressure, and the rest."""
    terms = measure_terms(ms25_compared_frames, seed=ms25_check_recorder.seed)
    terms.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
