"""What commands have in common: paths of finished runs, and a text that is printed or written."""

from __future__ import annotations

import argparse
from pathlib import Path

from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

__all__ = ["add_run_paths", "print_or_write"]


def add_run_paths(parser: argparse.ArgumentParser) -> None:
    """Add the argument ``paths``: finished runs, one or more."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="results.json, journal (*.jsonl), or a folder that holds them",
    )


def print_or_write(text: str, out: Path | None, what: str) -> None:
    """Print a text, or write it to a file and say so.

    Parameters
    ----------
    text
        The text, with its last line break.
    out
        The file; None to print.
    what
        What the text is, for messages.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write the {what} to {out}: {error}; choose another file with --out"
        raise UsageError(msg) from error
    print(shown(f"{what}: {out}"))
