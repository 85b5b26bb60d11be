"""``ms25 compare``: comparison of the speeds of benchmark runs, or of the numbers of checks."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.baseline.allowances import Allowances, parse_rules
from ms25_suite.cli.comparing.accuracy import (
    compare_numbers,
    exit_code,
    is_accuracy,
    print_differences,
    read_numbers,
)
from ms25_suite.cli.comparing.benchmark_comparison import Comparison, Ratio, compare
from ms25_suite.cli.comparing.benchmark_files import read_benchmarks
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import csv_cell, shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run", "time_text"]

_DESCRIPTION: Final = """\
Compare runs. All others are compared with the first one.

Report folders, results.json and baselines: the numbers of the checks, frame by frame where the
frames are the same, and what changed between models and machines.

    ms25 compare reports-of-monday reports-of-today

Files of --benchmark-json=FILE: speeds; a ratio above 1 means slower.

    pytest --mlip=model.pt --dataset=hea -m throughput --benchmark-json=before.json
    pytest --mlip=model.pt --dataset=hea -m throughput --benchmark-json=after.json
    ms25 compare before.json after.json --fail-above 1.1
"""

_COLUMNS: Final = ("group", "name", "base_s", "other_s", "ratio", "outcome", "remarks")


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "compare",
        help="compare the numbers of runs, or the speeds of benchmark runs",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "base", metavar="BASE", type=Path, help="reference run: a file, or a report folder"
    )
    parser.add_argument("others", metavar="FILE", nargs="+", type=Path, help="other runs")
    parser.add_argument(
        "--fail-above",
        metavar="RATIO",
        type=float,
        help="exit with status 1 if a benchmark is slower by more than this, beyond noise (for CI)",
    )
    parser.add_argument(
        "--fail-if",
        metavar="WHAT:AMOUNT",
        action="append",
        help="exit with status 1 if a number of a check is worse by more than this, such as "
        "forces:5%% or *:2%%; as --ms25-fail-if (for CI)",
    )
    parser.add_argument(
        "--format", choices=("text", "csv", "json"), default="text", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Print the ratios.

    Returns
    -------
    int
        1 if a benchmark is slower than ``--fail-above`` allows, or a number worse than
        ``--fail-if`` does; with that, 5 if none is and one could not be compared; else 0.

    Raises
    ------
    BenchmarkError
        A file is not of pytest-benchmark, or two files have no benchmark in common.
    BaselineError, ReportError
        A file has no numbers of checks, or two have none in common.
    UsageError
        A limit is not valid, or is none for files of this kind.
    """
    limit = args.fail_above
    paths = [args.base, *args.others]
    if any(map(is_accuracy, paths)):
        return _run_accuracy(paths, args)
    if args.fail_if is not None:
        msg = "--fail-if is about numbers of checks; for speeds there is --fail-above"
        raise UsageError(msg)
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        msg = f"--fail-above must be a positive number such as 1.1, found {limit}"
        raise UsageError(msg)
    base = read_benchmarks(args.base)
    comparisons = [compare(base, read_benchmarks(path)) for path in args.others]
    {"text": _print_text, "csv": _print_csv, "json": _print_json}[args.format](comparisons)
    slow = [] if limit is None else [r for c in comparisons for r in c.slower_than(limit)]
    for ratio in slow:
        print(
            f"ms25: {shown(_label(ratio))} takes {ratio.value:.3g} times as long, more than "
            f"{limit:g}",
            file=sys.stderr,
        )
    return 1 if slow else 0


def _run_accuracy(paths: Sequence[Path], args: argparse.Namespace) -> int:
    if args.fail_above is not None:
        msg = "--fail-above is about speeds; for numbers of checks there is --fail-if"
        raise UsageError(msg)
    allowances = Allowances.default().with_rules(parse_rules(args.fail_if or ()))
    base, *others = [(path, read_numbers(path)) for path in paths]
    found = [compare_numbers(base, other, allowances) for other in others]
    print_differences(found, args.format)
    return 0 if args.fail_if is None else exit_code(found)


def _label(ratio: Ratio) -> str:
    return " ".join(filter(None, (ratio.base.group, ratio.base.name)))


def _remarks(ratio: Ratio) -> list[str]:
    remarks = ["noisy"] if ratio.noisy else []
    for name, (before, after) in ratio.conditions.items():
        remarks.append(f"{name}: {_short(before)} -> {_short(after)}")
    return remarks


def _short(value: Any) -> str:
    text = "not stated" if value is None else str(value)
    return text if len(text) <= 20 else f"{text[:12]}…"


def _row(ratio: Ratio) -> dict[str, Any]:
    values = (
        ratio.base.group,
        ratio.base.name,
        ratio.base.median_s,
        ratio.other.median_s,
        ratio.value,
        ratio.outcome,
        _remarks(ratio),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _print_csv(comparisons: Sequence[Comparison]) -> None:
    writer = csv.DictWriter(sys.stdout, ["base", "other", *_COLUMNS], lineterminator="\n")
    writer.writeheader()
    for comparison in comparisons:
        files = {"base": str(comparison.base.path), "other": str(comparison.other.path)}
        for ratio in comparison.ratios.values():
            row = files | _row(ratio)
            row["remarks"] = "; ".join(row["remarks"])
            writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value: Any) -> Any:
    return csv_cell(value) if isinstance(value, str) else value


def _print_json(comparisons: Sequence[Comparison]) -> None:
    records = [
        {
            "base": str(comparison.base.path),
            "other": str(comparison.other.path),
            "machine": {name: list(pair) for name, pair in comparison.machine.items()},
            "only_base": [list(key) for key in comparison.only_base],
            "only_other": [list(key) for key in comparison.only_other],
            "ratios": [_row(ratio) for ratio in comparison.ratios.values()],
        }
        for comparison in comparisons
    ]
    print(json.dumps(records, indent=1))


def _print_text(comparisons: Sequence[Comparison]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # not markup: names of benchmarks hold brackets

    # A table that is piped into a file must not be folded at 80 columns.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for comparison in comparisons:
        title = f"{comparison.other.path} against {comparison.base.path}"
        console.print(shown(title), markup=False, soft_wrap=True)
        groups = dict.fromkeys(group for group, _ in comparison.ratios)
        for group in groups:
            heading = Text(shown(group)) if group else None
            table = Table(title=heading, title_justify="left", box=None, pad_edge=False)
            for column in ("benchmark", "base", "other", "ratio", "", "remarks"):
                right = column in ("base", "other", "ratio")
                table.add_column(column, justify="right" if right else "left", overflow="fold")
            for (member, name), ratio in comparison.ratios.items():
                if member == group:
                    cells = (
                        name,
                        time_text(ratio.base.median_s, ratio.base.iqr_s),
                        time_text(ratio.other.median_s, ratio.other.iqr_s),
                        f"{ratio.value:.3f}",
                        ratio.outcome,
                        "; ".join(_remarks(ratio)),
                    )
                    table.add_row(*(Text(shown(cell)) for cell in cells))
            console.print(table)
        for line in _warnings(comparison):
            console.print(shown(line), markup=False, soft_wrap=True)


def _warnings(comparison: Comparison) -> list[str]:
    lines = []
    if comparison.machine:
        differences = "; ".join(
            f"{name} {before} -> {after}" for name, (before, after) in comparison.machine.items()
        )
        lines.append(f"NOT THE SAME MACHINE OR SOFTWARE, ratios mean little: {differences}")
    if comparison.base.commit != comparison.other.commit:
        before, after = (file.commit or "none" for file in (comparison.base, comparison.other))
        lines.append(f"commits: {before} -> {after}")
    for file, keys in (
        (comparison.base, comparison.only_base),
        (comparison.other, comparison.only_other),
    ):
        if keys:
            names = ", ".join(" ".join(filter(None, key)) for key in keys)
            lines.append(f"only in {file.path}: {names}")
    return lines


def time_text(median: float, iqr: float) -> str:
    """Median and half of the interquartile range, both in seconds: ``12.5 ± 1 ms``."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if median * factor >= 1.0 or unit == "µs":
            break
    # One digit of the spread says enough, but 50 is not to be 5e+01.
    spread = float(f"{iqr * factor / 2:.1g}")
    return f"{median * factor:.3g} ± {spread:g} {unit}"
