"""Does the spread of several potentials warn where they are wrong?"""

from __future__ import annotations

import pytest

from ms25_suite.criteria.committee.measure import COMMITTEE_QUANTITIES, measure_committee


@pytest.mark.committee
@pytest.mark.parametrize("quantity", COMMITTEE_QUANTITIES)
def test_committee(ms25_committee_predictions, quantity, ms25_check_recorder):
    """The members disagree where their mean is wrong, and by as much as it is wrong."""
    spread = measure_committee(ms25_committee_predictions, quantity)
    spread.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
