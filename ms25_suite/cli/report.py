"""``ms25 report``: write the report on one run again, or merge several runs into one report."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.cli.output import add_run_paths
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Write a report on finished runs, or on the finished checks of a run that was killed.

Several runs, for instance from different environments or machines, are merged into one report.
If two hold the same result (check, datasets, potential, quantity and metric), the one from the
later path is kept.
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "report",
        help="write or merge reports",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_run_paths(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="folder to write to (default: that of the only PATH)",
    )
    parser.add_argument(
        "--figures",
        action="store_true",
        help="write each figure as SVG, PNG, PDF, and CSV of its numbers, into the folder figures",
    )
    parser.add_argument(
        "--heatmap",
        choices=("marks", "paper"),
        default="marks",
        help="colours of the heatmap: each error by its ratio to its threshold (marks), or one "
        "scale for all numbers as in the paper's Figure 2 (default: marks)",
    )


def run(args: argparse.Namespace) -> int:
    """Write the report and print its table.

    Returns
    -------
    int
        0: the report was written, also when checks failed.

    Raises
    ------
    ReportError
        A path holds no results, or the report cannot be written.
    UsageError
        There are several paths and no ``--out``.
    """
    from ms25_suite.report import load_results, sort_results, terminal_table, write_report

    folder = _folder(args.paths, args.out)
    description, results = load_results(args.paths)
    files = write_report(folder, description, results, args.heatmap, figures=args.figures)
    results = sort_results(description, results)
    width, color = shutil.get_terminal_size().columns, sys.stdout.isatty()
    table = terminal_table(results, width, color, sys.stdout.encoding, run=description)
    print(table)
    print(shown(f"report: {files.html}"))
    return 0


def _folder(paths: list[Path], out: Path | None) -> Path:
    if out is not None:
        return out
    if len(paths) > 1:
        msg = f"give the folder of the merged report of these {len(paths)} paths with --out"
        raise UsageError(msg)
    # Artifacts are relative to that folder.
    return paths[0] if paths[0].is_dir() else paths[0].parent
