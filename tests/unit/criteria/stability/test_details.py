from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.criteria.stability.details import KEY, DynamicsDetails
from tests.helpers.details import dynamics_details, dynamics_run
from tests.helpers.reports import make_result


@pytest.mark.parametrize(
    "found",
    [
        dynamics_details(dynamics_run(energies=[0.0, 0.1, None])),
        dynamics_details(dynamics_run(temperatures=[300.0]), ensemble="nvt"),
        dynamics_details(),
    ],
)
def test_what_a_file_holds_is_read_and_written_unchanged(found: dict[str, Any]) -> None:
    details = details_of(make_result(details=found), KEY, DynamicsDetails)
    assert details is not None
    assert {KEY: details.to_dict()} == found


@pytest.mark.parametrize(
    "found",
    [
        {KEY: {"runs": [3]}},
        dynamics_details(dynamics_run(temperature_K="hot")),
        dynamics_details(dynamics_run(energies="many")),
        dynamics_details(ensemble="npt"),
    ],
)
def test_malformed_runs_are_refused(found: dict[str, Any]) -> None:
    assert details_of(make_result(details=found), KEY, DynamicsDetails) is None
