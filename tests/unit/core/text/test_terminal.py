from __future__ import annotations

import io
import string

import pytest

from ms25_suite.core.text.terminal import readable, show_everything


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("≤ 35 meV/Å", "<= 35 meV/A"),
        ("meV/Å³", "meV/A^3"),
        ("✓ pass", "+ pass"),
        ("−1.5 … →", "-1.5 ... ->"),
        ("Müller", "Muller"),
        ("日", "\\u65e5"),
        ("bad\udcff", "bad\\xff"),
    ],
)
def test_ascii_stays_readable(text: str, expected: str) -> None:
    assert readable(text, "ascii") == expected
    # What an encoding has is not changed.
    assert readable("Å", "latin-1") == "Å"
    assert readable(string.printable, "ascii") == string.printable


def test_streams_write_what_they_cannot_encode() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    show_everything(stream, io.StringIO(), object())
    stream.write("35 meV/Å ✓")
    stream.flush()
    assert raw.getvalue() == b"35 meV/A +"


def test_a_name_that_is_not_utf8_is_written() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    show_everything(stream)
    stream.write("Å bad\udcff")
    stream.flush()
    assert raw.getvalue().decode() == "Å bad\\xff"
