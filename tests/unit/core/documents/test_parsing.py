from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.core.documents.parsing import parse_json, parse_toml, read_json, read_toml
from ms25_suite.core.errors import CardError, ReportError

DEEP = "expected at most 100 lists or tables inside each other, found more"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON, found something else"),
        ("[" * 100_000, DEEP),
        ("[" * 101 + "]" * 101, DEEP),
        ('{"a": ' * 101 + "1" + "}" * 101, DEEP),
        ("[" + "9" * 5000 + "]", "whole numbers of at most 19 digits, found one of thousands"),
        ("[" + "9" * 400 + "]", "whole numbers of at most 19 digits, found one of 400"),
        ("[NaN]", "expected finite numbers, found nan"),
        ('{"a": {"b": [1e400]}}', "expected finite numbers, found inf"),
        ('["\\u0000"]', "a file can hold"),
        ('{"\\ud800": 1}', "a file can hold"),
        ('{"a": 1, "b": 2, "a": 3}', "each key once in a table, found 'a' twice"),
    ],
)
def test_json_that_does_harm_later_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReportError, match=message) as found:
        parse_json(text, "the results r.json", ReportError)
    assert str(found.value).startswith("cannot read the results r.json: ")
    assert len(str(found.value)) < 400


def test_other_json_is_as_it_is() -> None:
    content = {"a": [1, -(2**63), 0.5, None, True], "Å": {"😀": "\\ud800", "": []}}
    assert parse_json(json.dumps(content), "it", ReportError) == content
    assert parse_json("[" * 99 + "]" * 99, "it", ReportError)
    assert parse_json("[Infinity]", "it", ReportError, finite=False) == [float("inf")]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ReportError, match="expected JSON, found something else"):
        read_json(path, "the results", ReportError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "expected TOML, found something else"),
        ("x = " + "[" * 20_000, DEEP),
        ("x = " + "9" * 5000, "whole numbers of at most 19 digits, found one of thousands"),
        ("x = " + "9" * 40, "whole numbers of at most 19 digits, found one of 40"),
        ('x = "\\u0000"', "a file can hold"),
        (".".join("a" * 200) + " = 1", DEEP),
    ],
)
def test_toml_that_does_harm_later_is_refused(text: str, message: str) -> None:
    with pytest.raises(CardError, match=message):
        parse_toml(text, "the card c.toml", CardError)


def test_toml_of_another_size_or_encoding(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("# " + "x" * (1 << 22))
    with pytest.raises(CardError, match="at most 4 MiB"):
        read_toml(path, "the card", CardError)
    path.write_bytes(b"x = '\xff'")
    with pytest.raises(CardError, match="expected a text in UTF-8"):
        read_toml(path, "the card", CardError)
