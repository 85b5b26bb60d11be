from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt, MinLen

from ms25_suite.core.contracts import json_schema, read_as
from ms25_suite.core.errors import CardError


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    value: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of marks."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    name: str
    count: int = 1
    kind: Literal["rigid", "relaxed"] = "rigid"
    path: Path | None = None
    marks: dict[str, Mark] = field(default_factory=dict)
    first: Mark | None = None
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 0:
            msg = "`count` must not be negative"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Open:
    """Knows one key and ignores others."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """Values within bounds, and values of several types."""

    positive: Annotated[float, Gt(0), Lt(10)] = 1.0
    count: Annotated[int, Ge(1), Le(3)] = 1
    text: Annotated[str, MinLen(1)] = "x"
    several: Annotated[tuple[int, ...], MinLen(1)] = (1,)
    any_of: Annotated[str, MinLen(1)] | Mark | tuple[str | Mark, ...] = ()


def test_lists_become_tuples_and_whole_numbers_floats() -> None:
    data = {"name": "x", "path": "a/b", "marks": {"m": {"value": 2, "interval": [1, 3]}}}
    sheet = read_as(Sheet, data, "file", CardError)
    assert sheet == Sheet(name="x", path=Path("a/b"), marks={"m": Mark(2.0, (1.0, 3.0))})
    assert isinstance(sheet.marks["m"].value, float)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "the key `name` is missing"),
        ({"name": 1}, "`name`: expected a text, found 1"),
        ({"name": "x", "count": "2"}, "`count`: expected a whole number, found '2'"),
        ({"name": "x", "count": True}, "`count`: expected a whole number, found True"),
        ({"name": "x", "count": 1.5}, "`count`: expected a whole number, found 1.5"),
        ({"name": "x", "count": -1}, "`count` must not be negative"),
        ({"name": "x", "kind": "stiff"}, "`kind`: expected 'rigid' or 'relaxed', found 'stiff'"),
        ({"name": "x", "words": "abc"}, "`words`: expected a list, found 'abc'"),
        ({"name": "x", "first": 3}, "`first`: expected a table, found 3"),
        ({"name": "x", "marks": {"m": {}}}, "the key `marks.m.value` is missing"),
        (
            {"name": "x", "marks": {"m": {"value": "2"}}},
            "`marks.m.value`: expected a number, found '2'",
        ),
        (
            {"name": "x", "first": {"value": 1, "interval": ["a", 2]}},
            "`first.interval[0]`: expected a number, found 'a'",
        ),
        ({"name": "x", "cuont": 1}, "unknown key `cuont`. Did you mean 'count'? Known keys: name,"),
        (
            {"name": "x", "marks": {"m": {"value": 1, "valeu": 1}}},
            "unknown key `marks.m.valeu`. Did you mean 'value'? Known keys: value, interval",
        ),
        ([], "expected a table, found []"),
    ],
)
def test_messages_say_where_and_what(data: Any, problem: str) -> None:
    with pytest.raises(CardError) as found:
        read_as(Sheet, data, "card.toml", CardError)
    assert str(found.value).startswith(f"card.toml: {problem}")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"positive": 0}, "`positive`: expected a number greater than 0, found 0"),
        ({"positive": 10}, "`positive`: expected a number less than 10, found 10"),
        ({"count": 0}, "`count`: expected a number of at least 1, found 0"),
        ({"count": 4}, "`count`: expected a number of at most 3, found 4"),
        ({"text": ""}, "`text`: expected a text that is not empty, found ''"),
        ({"several": []}, "`several`: expected a list of at least 1, found []"),
        ({"any_of": 3}, "`any_of`: expected a text, a table or a list, found 3"),
        ({"any_of": ""}, "`any_of`: expected a text that is not empty, found ''"),
        ({"any_of": [3]}, "`any_of[0]`: expected a text or a table, found 3"),
        ({"any_of": {"value": "a"}}, "`any_of.value`: expected a number, found 'a'"),
        ({"any_of": [{}]}, "the key `any_of[0].value` is missing"),
        (
            {"any_of": [{"value": 1, "valeu": 1}]},
            "unknown key `any_of[0].valeu`. Did you mean 'value'? Known keys: value, interval",
        ),
    ],
)
def test_bounds_and_alternatives(data: Any, problem: str) -> None:
    with pytest.raises(CardError) as found:
        read_as(Bounded, data, "f", CardError)
    assert str(found.value) == f"f: {problem}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CardError, match=r"`count`: .*; `kind`: "):
        read_as(Sheet, {"name": "x", "count": "a", "kind": "b"}, "f", CardError)


def test_a_long_message_is_cut() -> None:
    marks = {f"m{number}": {"value": "x" * 500} for number in range(15)}
    with pytest.raises(CardError) as found:
        read_as(Sheet, {"name": "x", "marks": marks}, "f", CardError)
    assert str(found.value).endswith("xxx…; and 5 more problems")
    assert len(str(found.value)) < 10 * 300


def test_unknown_keys_are_ignored_unless_forbidden() -> None:
    assert read_as(Open, {"name": "x", "later": 1}, "f", CardError) == Open("x")


def test_the_schema_says_what_is_read() -> None:
    schema = json_schema(Sheet)
    assert schema["$schema"].startswith("https://json-schema.org/draft/2020-12")
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    assert schema["description"] == "A sheet of marks."
    json.dumps(schema)


def test_pydantic_is_not_imported_before_a_file_is_read() -> None:
    code = "import sys, ms25_suite.core.contracts; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
