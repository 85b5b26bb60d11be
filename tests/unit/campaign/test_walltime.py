"""Wall times as batch systems write them."""

from __future__ import annotations

import pytest

from ms25_suite.campaign.walltime import hours, seconds, walltime


def test_there_and_back() -> None:
    for text, number in (("0:00:01", 1), ("1:12:00", 4320), ("26:00:00", 93600)):
        assert seconds(text) == number
        assert walltime(number) == text
    assert seconds("2-01:00:00") == 49 * 3600


@pytest.mark.parametrize("text", ["", "1:12", "0:00:00", "1:60:00", "an hour", "-1:00:00"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected a wall time"):
        seconds(text)


def test_for_people() -> None:
    assert [hours(s) for s in (3, 119, 120, 7200, 36000, 172800)] == [
        *("3 s", "119 s", "2.0 min", "2.0 h", "10 h", "2.0 days")
    ]
