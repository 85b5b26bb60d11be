"""Progress of long work, in the terminal in which pytest writes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import pytest

from ms25_suite.core.text.progress import ProgressTerminal, progress_on
from ms25_suite.core.text.terminal import READABLE

__all__ = ["show_progress"]


def show_progress(config: pytest.Config) -> None:
    """Show progress until the end of the session, below the line that pytest is writing.

    Without effect where pytest has no terminal reporter, or writes into a string.
    """
    if not config.pluginmanager.hasplugin("terminal"):
        return
    try:
        # While a test runs, pytest captures the descriptor itself: this one leads past it.
        copy = os.dup(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    stream = os.fdopen(copy, "w", encoding=encoding, errors=READABLE)

    def column() -> int:
        # pytest makes it after this plugin is configured.
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        return 0 if reporter is None else int(reporter._tw.width_of_current_line)

    shown = progress_on(ProgressTerminal(stream, column))
    shown.__enter__()

    def end() -> None:
        shown.__exit__(None, None, None)
        with suppress(OSError):
            stream.close()

    config.add_cleanup(end)
