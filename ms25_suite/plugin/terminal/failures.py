"""The text of a check that failed or could not be run, as pytest shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ms25_suite.core.text.lines import last_line, one_line
from ms25_suite.plugin.terminal.width import fitted

__all__ = ["Failure", "Failures"]

_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\d+")
"""What differs between two occurrences of one error: addresses, frames, process ids, times."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What pytest prints under ``--tb=line``."""

    message: str
    line: str

    def __str__(self) -> str:
        return self.line


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report has for ``longrepr``: pytest shows it, and JUnit files quote the whole of it.

    Parameters
    ----------
    text
        The whole text.
    first
        Node identifier of the first check that failed for the same reason, which has shown the
        text already; empty for that one itself.
    line
        The same in a line of its own; None: pytest's line is not wanted.
    """

    text: str
    first: str = ""
    line: _Line | None = None

    def __str__(self) -> str:
        return self.text

    def __getattr__(self, name: str) -> Any:
        # pytest and its plugins look for the attribute: with it, pytest's summary would repeat
        # behind the node identifier what it says before it.
        if name == "reprcrash" and self.line is not None:
            return self.line
        raise AttributeError(name)

    def toterminal(self, writer: Any) -> None:
        """Write it to a terminal; pytest calls this."""
        text = f"for the same reason as {self.first}" if self.first else self.text
        writer.line(fitted(text, writer))


class Failures:
    """Knows which reasons were shown.

    Parameters
    ----------
    in_lines
        Whether pytest shows a line for each failure (``--tb=line``).
    """

    def __init__(self, *, in_lines: bool) -> None:
        self._in_lines = in_lines
        self._first: dict[tuple[str, ...], str] = {}

    def seen_before(self, reason: str, nodeid: str) -> str:
        """Node identifier of the first check with the same reason; empty if it is this one."""
        # The rest of a traceback may lead through another check to the same place.
        key = (_CHANGING.sub("#", one_line(reason)), _CHANGING.sub("#", last_line(reason)))
        first = self._first.setdefault(key, nodeid)
        return "" if first == nodeid else first

    def failure(self, text: str, first: str, short: str, about: str) -> Failure:
        """The text of a check.

        Parameters
        ----------
        text, first
            As for `Failure`.
        short
            What decided its verdict.
        about
            Potential and dataset.
        """
        line = _Line(about, f"{about}: {short}") if self._in_lines else None
        return Failure(text, first.rpartition("::")[2], line)
