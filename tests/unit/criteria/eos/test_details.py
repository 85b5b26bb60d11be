from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.criteria.eos.details import KEY, EosCurveDetails, EosDetails
from tests.helpers.details import eos_curve, eos_details
from tests.helpers.reports import make_result


def test_what_a_file_holds_is_read_and_written_unchanged() -> None:
    found = eos_details(eos_curve("a"), eos_curve("b", None))
    details = details_of(make_result(details=found), KEY, EosDetails)
    assert details is not None
    assert {KEY: details.to_dict()} == found
    # A curve without a fit has no keys of one, and a gap where the energy is not finite.
    assert "error" not in details.curves[1].to_dict()
    assert details.curves[1].predicted == (-1.0, -1.1, None)


@pytest.mark.parametrize(
    "curve",
    [
        eos_curve(volumes="many"),
        eos_curve(volumes=[1.0]),
        eos_curve(predicted=[]),
        eos_curve(volumes=[], reference=[], predicted=[]),
        eos_curve(volumes=[1.0, "2", 3.0]),
        {"name": "a"},
    ],
)
def test_a_malformed_curve_is_refused(curve: dict[str, Any]) -> None:
    assert details_of(make_result(details=eos_details(curve)), KEY, EosDetails) is None


def test_rows_of_different_lengths_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"two energies for each, found \[1, 2, 1\] numbers"):
        EosCurveDetails("a", (1.0,), (1.0, 2.0), (1.0,), 3.5, 160.0, "")
