"""Has fine-tuning kept what the parent knew?"""

from __future__ import annotations

import pytest

from ms25_suite.core.fields import QUANTITIES
from ms25_suite.criteria.retention import WALLS
from ms25_suite.criteria.retention.laws import CONSISTENCY, measure_laws
from ms25_suite.criteria.retention.measure import measure_retention


@pytest.mark.retention
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_retention(ms25_family, quantity, ms25_check_recorder):
    """On data that it was not tuned for, the child's error is not much larger than the parent's."""
    retention = measure_retention(ms25_family, quantity)
    retention.record(ms25_check_recorder)
    ms25_check_recorder.conclude()


@pytest.mark.retention
@pytest.mark.parametrize("quantity", [*WALLS, CONSISTENCY])
def test_retention_of_laws(ms25_family, quantity, ms25_check_recorder):
    """Walls and laws that the parent keeps are kept by the child too."""
    laws = measure_laws(ms25_family, quantity)
    laws.record(ms25_check_recorder)
    ms25_check_recorder.conclude()
