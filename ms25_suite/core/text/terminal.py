"""Terminals that cannot show every letter: what they show in its place.

Under ``LANG=C`` or ``PYTHONIOENCODING=ascii`` Python would raise an error, or write escapes, at the
first Å.
"""

from __future__ import annotations

import codecs
import unicodedata
from contextlib import suppress
from typing import Any, Final

from ms25_suite.core.text.shown import encodable

__all__ = ["READABLE", "readable", "show_everything"]

READABLE: Final = "ms25_readable"
"""Name of the handler of encoding errors, for ``errors=``."""

_PLAIN: Final = {
    "³": "^3",
    "²": "^2",
    "−": "-",
    "–": "-",
    "—": "-",
    "─": "-",
    "━": "-",
    "│": "|",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "/=",
    "±": "+-",
    "×": "x",
    "·": ".",
    "•": "*",
    "✓": "+",
    "✗": "x",
    "†": "*",
    "°": " deg",
    "µ": "u",
    "μ": "u",
    "Δ": "d",
    "σ": "sigma",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "ł": "l",
    "Ł": "L",
}


def readable(text: str, encoding: str | None) -> str:
    """Text that an encoding can represent: letters without accents, and other signs in words.

    Examples
    --------
    >>> readable("≤ 35 meV/Å", "ascii")
    '<= 35 meV/A'
    """
    encoding = encoding or "utf-8"
    return text.encode(encoding, READABLE).decode(encoding)


def show_everything(*streams: Any) -> None:
    """Let text streams write what they cannot encode in a readable form."""
    for stream in streams:
        # A stream that is captured, or of a notebook, has no encoding of its own.
        with suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors=READABLE)


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = encodable(error.object[error.start : error.end])
    return "".join(map(_plain, part)), error.end


def _plain(char: str) -> str:
    known = _PLAIN.get(char)
    if known is not None:
        return known
    # An accent is a character of its own in the decomposed form.
    base = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode("ascii")
    return base or char.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(READABLE, _readable)
