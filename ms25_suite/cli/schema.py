"""``ms25 schema``: print the JSON Schema of a kind of file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.cli.output import print_or_write
from ms25_suite.core.schemas import SCHEMAS, schema_text

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run"]


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    description = "Print the JSON Schema (draft 2020-12) of a file that the suite writes or reads."
    parser = subparsers.add_parser(
        "schema", help="print the JSON Schema of a file of the suite", description=description
    )
    parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(sorted(SCHEMAS))}")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="file to write to (default: print the schema)"
    )


def run(args: argparse.Namespace) -> int:
    """Print or write the schema.

    Returns
    -------
    int
        0: it was printed or written.

    Raises
    ------
    UsageError
        There is no schema of that name, or the file cannot be written.
    """
    print_or_write(schema_text(args.name), args.out, "schema")
    return 0
