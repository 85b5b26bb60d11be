from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest

from ms25_suite.core.details import (
    Details,
    ErrorDetails,
    WorstFrame,
    details_of,
    expect_same_length,
    with_gaps,
)
from ms25_suite.core.findings import Finding
from tests.helpers.reports import make_result


@dataclass(frozen=True, slots=True)
class _Example(Details):
    name: str
    known: float | None
    row: tuple[float | None, ...] = ()
    later: int | None = None


def test_only_what_may_be_absent_is_left_out() -> None:
    assert _Example("a", None).to_dict() == {"name": "a", "known": None, "row": []}
    assert list(_Example("a", 1.0, (1.0, None), 0).to_dict()) == ["name", "known", "row", "later"]


def test_errors_have_the_keys_of_the_file() -> None:
    remark = Finding("energy-offset", "constant", "note", (1, 2))
    details = ErrorDetails((WorstFrame(3, 1.5),), (remark,), 12.0, {"Mg": 1.0})
    assert details.to_dict() == {
        "worst_frames": [{"frame": 3, "value": 1.5}],
        "findings": [remark.to_dict()],
        "without_model": 12.0,
        "per_element": {"Mg": 1.0},
    }
    assert list(ErrorDetails((), ()).to_dict()) == ["worst_frames", "findings"]


def test_details_are_read_as_they_were_written() -> None:
    example = _Example("a", None, (1.0, None), 3)
    result = make_result(details={"example": example.to_dict(), "other": 1})
    assert details_of(result, "example", _Example) == example
    assert details_of(result, "missing", _Example) is None


@pytest.mark.parametrize(
    "found",
    [
        3,
        None,
        [],
        {},
        {"name": "a"},
        {"name": 1, "known": None},
        {"name": "a", "known": True},
        {"name": "a", "known": None, "row": "text"},
        {("a", "b"): 1},
    ],
)
def test_details_of_another_layout_are_none(found: Any) -> None:
    assert details_of(make_result(details={"example": found}), "example", _Example) is None


def test_parts_of_details_can_be_read_alone() -> None:
    result = make_result(details={"per_element": {"Mg": 1, "O": 2.5}, "worst_frames": [3]})
    assert details_of(result, "per_element", dict[str, float]) == {"Mg": 1.0, "O": 2.5}
    assert details_of(result, "worst_frames", tuple[WorstFrame, ...]) is None


def test_missing_numbers_are_gaps() -> None:
    first, second = with_gaps((1.0, None))
    assert first == 1.0
    assert math.isnan(second)


def test_rows_of_a_curve_have_one_length() -> None:
    expect_same_length([(1, 2), (3.0, 4.0), ("a", "b")])
    for rows in ([(1, 2), (3,)], [(1,), (2,)], [(), ()]):
        with pytest.raises(ValueError, match="rows of one length, at least 2, found the lengths"):
            expect_same_length(rows)
