"""Lines as wide as the terminal that pytest writes to."""

from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.text.lines import wrapped

__all__ = ["fitted", "fitted_lines"]


def fitted(text: str, writer: Any) -> str:
    """Text that is wrapped at blanks in a terminal; a log keeps its lines, to be searched.

    Parameters
    ----------
    text
        One or several lines.
    writer
        pytest's ``TerminalWriter``.
    """
    # pytest has no public way to ask; a writer of another plugin may lack what its own has.
    isatty = getattr(getattr(writer, "_file", None), "isatty", None)
    return wrapped(text, writer.fullwidth) if isatty and isatty() else text


def fitted_lines(lines: list[str], config: pytest.Config) -> list[str]:
    """The same for lines that a hook gives to pytest."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return lines
    return [fitted(line, reporter._tw) for line in lines]
