"""Long texts for narrow terminals: wrapped, or in one line."""

from __future__ import annotations

import re
import textwrap
from typing import Final

__all__ = ["last_line", "one_line", "wrapped"]

_LABEL: Final = re.compile(r"\s*(?:[\w ]{1,14}:\s+|\[\d+\]\s+|-\s+)?")
"""What a line begins with, and its continuation is indented by: ``  threshold:  ``, ``[12] ``."""


def one_line(text: str) -> str:
    r"""A message in a line: of one that quotes a traceback, the error at its end too.

    Examples
    --------
    >>> one_line("calc.py failed:\n  File 'calc.py', line 2\nValueError: no")
    'calc.py failed: ValueError: no'
    >>> one_line("it ended with status 1. Last lines:\n    loading\n    1 of 3")
    'it ended with status 1. Last lines: …'
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return "".join(lines).strip()
    first, last = lines[0].strip(), lines[-1]
    if not first.endswith(":"):
        # A sentence of its own, to which the rest adds.
        return first
    # The lines of a log are indented to the end.
    return f"{first} …" if last.startswith(" ") else f"{first} {last}"


def last_line(text: str) -> str:
    """The last line that is not blank: of a traceback, the error."""
    return text.rstrip().rpartition("\n")[2].strip()


def wrapped(text: str, width: int) -> str:
    """Text with its long lines wrapped at blanks, the rest of each below what it says.

    Parameters
    ----------
    text
        Lines, perhaps with a label or an indent in front.
    width
        Number of columns.

    Examples
    --------
    >>> print(wrapped("  reason:  far too large by any means", 24))
      reason:  far too large
               by any means
    """
    return "\n".join(_wrapped(line, width) for line in text.split("\n"))


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    found = _LABEL.match(line)
    indent = " " * min(0 if found is None else found.end(), width // 3)
    return textwrap.fill(
        line,
        width,
        subsequent_indent=indent,
        # Paths, node identifiers and numbers are copied from the terminal in one piece.
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
