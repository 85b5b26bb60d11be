from __future__ import annotations

from dataclasses import dataclass

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records.base import Record


@dataclass(frozen=True, slots=True)
class Inner(Record):
    """A part."""

    size: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Outer(Record):
    """A record with parts."""

    name: str
    parts: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] | None = None
    gpu: str | None = None

    def _nullable(self) -> tuple[str, ...]:
        return ("gpu",)


def test_what_is_not_known_is_left_out_or_null() -> None:
    assert Outer("x").to_dict() == {"name": "x", "parts": [], "gpu": None}


def test_records_within_records_come_back() -> None:
    record = Outer("x", (Inner(1), Inner(2, "b")), {"a": Inner(3)}, "A100")
    assert Outer.from_dict(record.to_dict()) == record


def test_unknown_keys_are_ignored_and_wrong_values_named() -> None:
    assert Outer.from_dict({"name": "x", "later": 1}) == Outer("x")
    with pytest.raises(ReportError, match=r"Outer: `parts\[0\].size`: expected a whole number"):
        Outer.from_dict({"name": "x", "parts": [{"size": "1"}]})
    with pytest.raises(ReportError, match=r"run.json: the key `name` is missing"):
        Outer.from_dict({}, "run.json")
