"""The option ``--data`` of commands that take names of datasets."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ms25_suite.datasets.tiers import Tier

__all__ = ["add_tier_option", "tier_of"]


def add_tier_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--data`` to a command."""
    parser.add_argument(
        "--data",
        metavar="TIER",
        help="what names of built-in datasets mean: mini (the data that the suite brings), "
        "published (the authors' data, imported by `ms25 data archive`), or a folder of imported "
        "data (default: the environment variable MS25_DATA, or else mini)",
    )


def tier_of(args: argparse.Namespace) -> Tier:
    """The tier of a command line.

    Raises
    ------
    DatasetError
        The option is no tier, or there are no such data.
    """
    from ms25_suite.datasets.tiers import find_tier

    tier = find_tier(args.data)
    if args.data is not None:
        # Also where no name needs it: a misspelled option is never ignored.
        tier.cards()
    return tier
