"""Long texts for narrow terminals: wrapped, or in one line."""

from __future__ import annotations

import re
import textwrap
from typing import Final

__all__ = ["one_line", "wrapped"]

_LABEL: Final = re.compile(r"\s*(?:[\w ]{1,14}:\s+|\[\d+\]\s+|-\s+)?")
"""What a line begins with, and its continuation is indented by: ``  threshold:  ``, ``[12] ``."""


def one_line(text: str) -> str:
    """First and last line of a message with a traceback or a log; another message as it is.

    Examples
    --------
    >>> one_line("calc.py failed:\\n  File 'calc.py', line 2\\nValueError: no")
    'calc.py failed: ValueError: no'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return "".join(lines)
    # Without a colon the first line is a sentence of its own, and what follows adds to it.
    return f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") else lines[0]


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
