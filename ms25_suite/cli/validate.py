"""``ms25 validate``: check cards and files of thresholds without opening any data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.core.errors import Ms25Error, UsageError
from ms25_suite.core.text.shown import shown, shown_lines

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Check TOML files: cards of datasets, and thresholds for --ms25-thresholds. A file whose tables are
all named after criteria is one of thresholds, any other a card. No frames are read.
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "validate",
        help="check cards and files of thresholds",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="card or file of thresholds (.toml)"
    )


def run(args: argparse.Namespace) -> int:
    """Check the files one by one.

    Returns
    -------
    int
        Exit status: zero, or 1 if one of them is not valid.
    """
    problems = 0
    for path in args.files:
        try:
            print(shown(f"{path}: {_checked(path)}"))
        except Ms25Error as error:
            problems += 1
            print(shown_lines(f"ms25: {error}"), file=sys.stderr)
    return 1 if problems else 0


def _checked(path: Path) -> str:
    """What kind of file it is.

    Raises
    ------
    Ms25Error
        It is not valid.
    """
    from ms25_suite.core.catalogue import catalogue
    from ms25_suite.core.documents.parsing import read_toml
    from ms25_suite.core.thresholds import Thresholds, card_thresholds
    from ms25_suite.datasets.cards.card import DatasetCard

    content = read_toml(path, "the file", UsageError)
    if content and content.keys() <= catalogue().keys():
        Thresholds.from_file(path)
        return "thresholds, valid"
    card = DatasetCard.from_file(path)
    card_thresholds(card.thresholds, str(path))
    if card.threshold_class not in Thresholds.default().classes():
        # A class of one's own comes from a file of thresholds, which is not named here.
        return f"card of {card.name}, valid; its threshold class is {card.threshold_class!r}"
    return f"card of {card.name}, valid"
