from __future__ import annotations

import pytest

from ms25_suite.core.text.lines import one_line, wrapped

TRACEBACK = (
    "calling calc.py failed:\n  File 'calc.py', line 2\n    raise ValueError\nValueError: no"
)
LOG = "the worker ended unexpectedly. Its last output was:\n    loading\n    1 of 3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("frame 3 is worst", "frame 3 is worst"),
        (TRACEBACK, "calling calc.py failed: ValueError: no"),
        # The last line of a log may be anything.
        (LOG, "the worker ended unexpectedly. Its last output was: …"),
        (
            "it ended with status 1. Log: a.log\nLast lines:\n    x",
            "it ended with status 1. Log: a.log",
        ),
    ],
)
def test_a_message_in_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("  threshold:  as large as it has to be for this test", 14),
        ("[12] the energy only rises with the volume, so that it collapses", 5),
        ("warning: the potential was trained on another level of theory", 9),
        ("nothing in front of a long sentence that has to be wrapped", 0),
        # No label: too long to be one.
        ("the potential of the dataset and more: a long sentence that goes on", 0),
    ],
)
def test_long_lines_go_on_below_what_they_say(line: str, indent: int) -> None:
    first, *rest = wrapped(line, 44).split("\n")
    assert len(first) <= 44
    assert rest
    for text in rest:
        assert len(text) <= 44
        assert len(text) - len(text.lstrip()) == indent
    assert " ".join(" ".join([first, *rest]).split()) == " ".join(line.split())


def test_short_lines_and_long_words_stay() -> None:
    path = "/a/very/long/path/that-has/no/blank-in-it"
    assert wrapped(f"a\n\n  b\n{path}", 20) == f"a\n\n  b\n{path}"
