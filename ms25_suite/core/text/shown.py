"""Foreign texts, made harmless for people's eyes.

Names of files, datasets and potentials, and keys in files, may hold anything: sequences that
control a terminal, line breaks, marks that reverse the direction of writing, formulas that a
spreadsheet would run. They are kept as they are in ``results.json``, and shown by these functions.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["csv_cell", "encodable", "markup", "shown", "shown_lines", "visible"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which spreadsheets recognise a formula (OWASP, CSV injection); the full-width
forms are taken for the same by some."""

_FULL_WIDTH: Final = ("＝", "＋", "－", "＠")

_BYTES: Final = re.compile("[\udc80-\udcff]+")
"""Bytes that are not UTF-8, as Python keeps them in names of files (PEP 383)."""


def encodable(text: str) -> str:
    r"""Text that a file can hold: what has no place in UTF-8 is escaped, and nothing else.

    Names of files need not be UTF-8, and neither need messages that quote them. Python keeps such
    bytes as halves of characters, which cannot be encoded.

    Examples
    --------
    >>> encodable("r_max = 5 Å")
    'r_max = 5 Å'
    >>> print(encodable("caf\udce9.pt"))
    caf\xe9.pt
    """
    whole = _BYTES.sub(lambda found: _decoded(found[0]), text)
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(text: str) -> str:
    r"""Text of one line in which every character can be seen; others as ``\x1b`` or ``\u202e``.

    What cannot be encoded is written as by `encodable`.

    Examples
    --------
    >>> shown("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    if text.isprintable():
        return text
    text = encodable(text)
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def shown_lines(text: str) -> str:
    r"""The same for a text of several lines, such as a message with a traceback.

    Examples
    --------
    >>> shown_lines("a\x1b[31m\n  b")
    'a\\x1b[31m\n  b'
    """
    return "\n".join(shown(line.expandtabs(4)) for line in text.split("\n"))


def csv_cell(text: str) -> str:
    """Text for a cell of a table, which no spreadsheet takes for a formula.

    An apostrophe in front tells spreadsheets that it is a text, and programs can strip it.

    Examples
    --------
    >>> csv_cell("=1+1")
    "'=1+1"
    """
    guard = "'" if text.startswith((*_FORMULA, *_FULL_WIDTH)) else ""
    return guard + shown(text)


def markup(text: str) -> str:
    """Text for rich, in which brackets are no markup."""
    from rich.markup import escape

    return escape(shown_lines(text))


def visible(value: object) -> object:
    """`shown_lines` of a text in a template of HTML; other values, and markup, as they are."""
    return shown_lines(value) if type(value) is str else value


def _decoded(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escaped(char: str) -> str:
    # A space that is not the usual one is still a space.
    if char.isspace() and char not in "\n\r\t\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    return char.encode("unicode_escape").decode("ascii")
