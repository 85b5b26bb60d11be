"""``ms25 summary``: runs in short, for the pages and programs of continuous integration."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from ms25_suite.core.records import RunRecord
    from ms25_suite.core.results import CheckResult

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Print finished runs in short, in one of these forms:

  markdown         verdict, what failed and all numbers, for the summary of a step (below 1 MB)
  comment          the same, short enough for a comment on a pull request (below 60 kB)
  annotations      workflow commands of GitHub: at most ten errors and ten warnings
  badge            JSON of a badge for https://shields.io/badges/endpoint-badge
  smaller-better   JSON for github-action-benchmark, tool customSmallerIsBetter: errors
  larger-better    the same, tool customBiggerIsBetter: speeds, rates
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "summary",
        help="print runs as Markdown, annotations, badge or benchmark points",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="results.json, journal (*.jsonl), or a folder that holds them",
    )
    parser.add_argument(
        "--format", choices=_FORMS, default="markdown", help="form (default: markdown)"
    )
    parser.add_argument(
        "--report",
        metavar="TEXT",
        default="",
        help="where the whole report is: a line of Markdown that is shown above the numbers",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="file to write to (default: print)"
    )


def run(args: argparse.Namespace) -> int:
    """Print or write the summary.

    Returns
    -------
    int
        0: it was printed or written, also when checks failed.

    Raises
    ------
    ReportError
        A path holds no results.
    UsageError
        The file cannot be written.
    """
    from ms25_suite.report import load_results, merge_results

    description, results = load_results(args.paths)
    text = _FORMS[args.format](description, merge_results(results), args.report)
    if args.out is None:
        print(text, end="")
        return 0
    try:
        args.out.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write the summary to {args.out}: {error}; choose another file with --out"
        raise UsageError(msg) from error
    print(shown(f"summary: {args.out}"))
    return 0


def _markdown(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.markdown import markdown_summary

    return markdown_summary(run, results, report=report)


def _comment(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.markdown import COMMENT_BYTES, markdown_summary

    return markdown_summary(run, results, most_bytes=COMMENT_BYTES, report=report)


def _annotations(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.annotations import collect_annotations

    return "".join(f"{one.command()}\n" for one in collect_annotations(run, results))


def _badge(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.badge import badge

    return _json(badge(run, results))


def _smaller_better(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.benchmark_points import benchmark_points

    return _json(benchmark_points(run, results))


def _larger_better(run: RunRecord, results: Sequence[CheckResult], report: str) -> str:
    from ms25_suite.report.summaries.benchmark_points import benchmark_points

    return _json(benchmark_points(run, results, larger=True))


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


_FORMS: Final[dict[str, Callable[[RunRecord, Sequence[CheckResult], str], str]]] = {
    "markdown": _markdown,
    "comment": _comment,
    "annotations": _annotations,
    "badge": _badge,
    "smaller-better": _smaller_better,
    "larger-better": _larger_better,
}
