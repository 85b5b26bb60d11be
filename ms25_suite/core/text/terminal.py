"""Terminals that cannot show every letter, or are none.

Under ``LANG=C`` or ``PYTHONIOENCODING=ascii`` Python would raise an error, or write escapes, at the
first Å. A log would get each state of a line that a terminal redraws.
"""

from __future__ import annotations

import codecs
import os
import unicodedata
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from ms25_suite.core.text.shown import encodable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["READABLE", "live_console", "readable", "show_everything"]

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


def live_console(stream: IO[str], **options: Any) -> Console:
    """Console for a line that is redrawn, which knows a terminal from a log.

    Rich takes anything for a terminal where ``FORCE_COLOR`` asks for colours, as CI services do,
    and shows nothing in a terminal that cannot move its cursor (``TERM=dumb``).

    Parameters
    ----------
    stream
        Where to write.
    options
        Further ones of ``rich.console.Console``.
    """
    from rich.console import Console

    moves = stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
    terminal = None if moves else False
    return Console(
        file=stream, highlight=False, force_terminal=terminal, force_jupyter=False, **options
    )


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
