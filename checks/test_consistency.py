"""Are forces and stress derivatives of the energy, and do descriptions not matter?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.consistency import DERIVATIVES, EQUALITIES
from ms25_suite.criteria.consistency.measure import measure_law


@pytest.mark.consistency
@pytest.mark.parametrize("quantity", [*DERIVATIVES, *EQUALITIES])
def test_consistency(ms25_consistency, quantity, ms25_check_recorder):
    """A law that every potential obeys is broken by no more than the threshold."""
    law = measure_law(ms25_consistency, quantity)
    law.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
