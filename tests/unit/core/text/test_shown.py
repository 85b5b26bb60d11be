from __future__ import annotations

import pytest

from ms25_suite.core.text.shown import csv_cell, encodable, markup, shown, shown_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Å³ é ok", "Å³ é ok"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u202eexe.fdp", "\\u202eexe.fdp"),
        ("\u2028x\u200b", "\\u2028x\\u200b"),
        ("bad\udcff \ud800", "bad\\xff \\ud800"),
        ("\x9b31m", "\\x9b31m"),
        ("no\u00a0break", "no break"),
    ],
)
def test_every_character_can_be_seen(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(text).isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Å\x1b\n=1", "Å\x1b\n=1"),
        ("bad\udcff", "bad\\xff"),
        ("bad\udcff, \ud800", "bad\\xff, \\ud800"),
        ("caf\udcc3\udca9", "café"),
    ],
)
def test_what_cannot_be_encoded_is_written_in_one_way(text: str, expected: str) -> None:
    assert encodable(text) == expected
    assert shown(text) == shown(expected)
    # What has been written once stays as it is.
    assert encodable(expected) == expected


def test_lines_of_a_message_stay_lines() -> None:
    assert shown_lines("a\x1b\n\tb\r") == "a\\x1b\n    b\\r"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert csv_cell(f"{start}cmd|' /C calc'!A1").startswith("'")
    assert csv_cell(f"a{start}") == f"a{shown(start)}"


def test_brackets_are_no_markup() -> None:
    assert markup("[bold]x[/]") == "\\[bold]x\\[/]"
