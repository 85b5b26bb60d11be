from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.criteria.training_rate.details import (
    CURVE_KEY,
    FIT_KEY,
    LearningCurveDetails,
    RateFitDetails,
)
from tests.helpers.details import SIZES, rate_details
from tests.helpers.reports import make_result


@pytest.mark.parametrize("threshold", [35.0, None])
def test_what_a_file_holds_is_read_and_written_unchanged(threshold: float | None) -> None:
    found = rate_details(threshold=threshold, intervals=[None] * len(SIZES))
    result = make_result(details=found)
    curve = details_of(result, CURVE_KEY, LearningCurveDetails)
    fit = details_of(result, FIT_KEY, RateFitDetails)
    assert curve is not None
    assert fit is not None
    assert {CURVE_KEY: curve.to_dict(), FIT_KEY: fit.to_dict()} == found


@pytest.mark.parametrize(
    "changes",
    [
        {"mae": [1.0]},
        {"sizes": [], "mae": [], "intervals": [], "potentials": []},
        {"sizes": [50], "mae": [1.0], "intervals": [None], "potentials": ["p"]},
        {"mae": [2, 1, -1]},
        {"mae": [2, 1, 0]},
        {"sizes": [50, "100", 200]},
        {"intervals": [[1.0], None, None]},
    ],
)
def test_a_malformed_curve_is_refused(changes: dict[str, Any]) -> None:
    result = make_result(details=rate_details(**changes))
    assert details_of(result, CURVE_KEY, LearningCurveDetails) is None
