"""Does the equation of state have its minimum where the reference has it?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.eos.measure import measure_eos


@pytest.mark.eos
def test_eos(ms25_dataset, ms25_potential, eos_atoms, ms25_check_recorder):
    """The mean error of the lattice constant, or of the volume, does not exceed the threshold."""
    fits = measure_eos(ms25_potential, ms25_dataset, relaxed=eos_atoms == "relaxed")
    fits.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
