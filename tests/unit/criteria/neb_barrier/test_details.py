from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.criteria.neb_barrier.details import KEY, NebDetails, NebReferenceDetails
from tests.helpers.details import neb_details
from tests.helpers.reports import make_result


def test_what_a_file_holds_is_read_and_written_unchanged() -> None:
    found = neb_details()
    details = details_of(make_result(details=found), KEY, NebDetails)
    assert details is not None
    assert {KEY: details.to_dict()} == found


def test_without_a_band_there_are_no_keys_of_one() -> None:
    details = NebDetails(NebReferenceDetails(0.4), (0.0, 9.0), 3, converged=False)
    assert details.to_dict() == {
        "reference": {"barrier": 0.4},
        "moved_A": [0.0, 9.0],
        "end_steps": 3,
        "converged": False,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"lengths": [0.0]},
        {"lengths": None},
        {"reference": {"lengths": [0.0]}},
        {"reference": {"barrier": 0.4, "lengths": [0.0], "energies": []}},
        {"converged": "yes"},
        {"positions": [[0.0, 0.0]]},
        {"without_climbing": {"barrier": 0.4}},
    ],
)
def test_a_malformed_path_is_refused(changes: dict[str, Any]) -> None:
    assert details_of(make_result(details=neb_details(**changes)), KEY, NebDetails) is None


def test_an_image_without_energy_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="found 1 for 2 images"):
        NebReferenceDetails(0.4, (0.0, 1.0), (0.0,))
