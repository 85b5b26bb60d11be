"""``ms25 docs``: read a page of the documentation, without a network."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.documentation.pages import (
    find_page,
    installed_pages,
    page_address,
    site_address,
)

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run"]

_GROUPS: Final = {
    "docs": "Pages",
    "checks": "Checks",
    "datasets": "Built-in data",
    "adr": "Decisions",
}

_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_QUESTION: Final = re.compile(r"^\*(.+)\*$", re.MULTILINE)

_WIDEST: Final = 110


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    description = (
        "Show a page of the documentation that was installed with the suite. In a terminal it is "
        "laid out and paged; anywhere else it is plain Markdown."
    )
    parser = subparsers.add_parser(
        "docs", help="read a page of the documentation", description=description
    )
    parser.add_argument(
        "page",
        metavar="PAGE",
        nargs="?",
        help="name of a page, such as eos or datasets (default: list all pages)",
    )


def run(args: argparse.Namespace) -> int:
    """Show the page, or list all pages.

    Returns
    -------
    int
        0: it was shown.

    Raises
    ------
    UsageError
        There is no such page.
    """
    text = _listed(installed_pages()) if args.page is None else _page(find_page(args.page))
    if sys.stdout.isatty():
        _show(text)
    else:
        _print(text)
    return 0


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python writes what is left when it ends, and
        # would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _page(file: Path) -> str:
    text = file.read_text(encoding="utf-8").rstrip()
    folder = "" if file.parent.name == "docs" else f"{file.parent.name}/"
    address = page_address(f"docs/{folder}{file.name}", site_address())
    return f"{text}\n\nOn the web: {address}" if address else text


def _listed(pages: Mapping[str, Path]) -> str:
    """List of all pages in Markdown, by folder."""
    lines = []
    for folder, title in _GROUPS.items():
        lines += [f"# {title}", ""]
        for name, file in pages.items():
            if file.parent.name == folder:
                lines.append(f"- `{name}`: {_about(file)}")
        lines.append("")
    return "\n".join([*lines, "`ms25 docs PAGE` shows one of them."])


def _about(file: Path) -> str:
    """What a page is about: the question of a check, or the title."""
    text = file.read_text(encoding="utf-8")
    found = _QUESTION.search(text) if file.parent.name == "checks" else None
    found = found or _TITLE.search(text)
    return found[1] if found else file.stem


def _show(text: str) -> None:
    """Lay Markdown out, and page it where there is a pager."""
    from rich.console import Console
    from rich.markdown import Markdown

    # As git does it: colours pass through, and a text of less than a screen needs no pager.
    os.environ.setdefault("LESS", "FRX")
    console = Console()
    console.width = min(console.width, _WIDEST)
    with console.pager(styles=True, links=False):
        console.print(Markdown(text))
