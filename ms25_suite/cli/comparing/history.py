"""``ms25 history``: how numbers changed over runs and models."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.catalogue import Subject
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import csv_cell, shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from matplotlib.figure import Figure

    from ms25_suite.report.history.numbers import Line

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Print how numbers changed over the runs whose reports are in a folder, and draw them.

    ms25 history                              mean absolute errors, in reports/
    ms25 history --of eos.volume --of forces  other numbers, as --ms25-fail-if names them
    ms25 history ci-1 ci-2 --out history.svg  several folders; .svg, .png or .pdf
"""

_FORMATS: Final = (".svg", ".png", ".pdf")
_DPI: Final = 200
_COLUMNS: Final = (
    *("criterion", "dataset", "test_dataset", "quantity", "metric", "unit"),
    *("started", "run", "potential", "model_sha256", "frames_sha256"),
    *("value", "low", "high", "threshold", "verdict"),
)


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "history",
        help="numbers over runs and models",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        default=[Path("reports")],
        help="report folders, with the earlier reports in them, and files results.json "
        "(default: reports)",
    )
    parser.add_argument(
        "--of",
        metavar="WHAT",
        action="append",
        default=[],
        help="number: a quantity, a criterion, criterion.quantity or *; may be given several times "
        "(default: mean absolute errors)",
    )
    parser.add_argument("--potential", metavar="NAME", action="append", default=[])
    parser.add_argument("--dataset", metavar="NAME", action="append", default=[])
    parser.add_argument(
        "--format", choices=("text", "csv"), default="text", help="default: %(default)s"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="figure: .svg, .png or .pdf")


def run(args: argparse.Namespace) -> int:
    """Print the numbers, and draw them.

    Returns
    -------
    int
        0: they were printed.

    Raises
    ------
    ReportError
        A path holds no results, or no such number.
    UsageError
        Nothing is called what ``--of`` names, or the figure cannot be written.
    """
    from ms25_suite.report.history.numbers import history_of, read_runs

    out: Path | None = args.out
    if out is not None and out.suffix.lower() not in _FORMATS:
        msg = f"--out={out}: expected a file .svg, .png or .pdf, found {out.suffix or 'no ending'}"
        raise UsageError(msg)
    lines = history_of(
        read_runs(args.paths),
        subjects=[Subject.named(text, f"--of={text}: ") for text in args.of],
        potentials=args.potential,
        datasets=args.dataset,
    )
    {"text": _print_text, "csv": _print_csv}[args.format](lines)
    if out is not None:
        _draw(lines, out)
        print(shown(f"figure: {out}"), file=sys.stderr)
    return 0


def _draw(lines: Sequence[Line], out: Path) -> None:
    from ms25_suite.report.figures.canvas import drawing, pdf_bytes, png_bytes, svg_bytes
    from ms25_suite.report.figures.history import draw_history

    made: dict[str, Callable[[Figure], bytes]] = {
        ".svg": svg_bytes,
        ".png": partial(png_bytes, dpi=_DPI),
        ".pdf": pdf_bytes,
    }
    with drawing():
        data = made[out.suffix.lower()](draw_history(lines))
        try:
            with atomic_path(out) as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            msg = f"cannot write the figure to {out}: {error}; choose another file with --out"
            raise UsageError(msg) from error


def _rows(lines: Sequence[Line]) -> Iterator[dict[str, Any]]:
    for line in lines:
        for point in line.points:
            result = point.result
            low, high = result.interval or (None, None)
            values = (
                *(line.criterion, line.dataset, line.test_dataset, line.quantity, line.metric),
                *(line.unit, point.started, point.run, point.potential, point.content),
                *(point.frames, result.value, low, high, result.threshold),
                "" if result.verdict is None else result.verdict.value,
            )
            yield dict(zip(_COLUMNS, values, strict=True))


def _print_csv(lines: Sequence[Line]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in _rows(lines):
        writer.writerow(
            {
                key: csv_cell(value) if isinstance(value, str) else value
                for key, value in row.items()
            }
        )


def _print_text(lines: Sequence[Line]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # not markup: names hold brackets

    from ms25_suite.report.wording import (
        number,
        pair_label,
        pretty_unit,
        quantity_text,
        result_text,
        verdict_word,
    )

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for line in lines:
        unit = pretty_unit(line.unit)
        words = f"{line.criterion}: {quantity_text(line.quantity, line.metric)}"
        where = pair_label(line.dataset, line.test_dataset)
        title = Text(shown(f"{words} on {where}{f', {unit}' if unit else ''}"))
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        # Frames are named only where they are not always the same.
        several = len({point.frames for point in line.points}) > 1
        heads = ["run", "started", "potential", "model", *(["frames"] if several else [])]
        for name in (*heads, "value", "interval", "verdict"):
            right = name in ("value", "interval")
            # In a narrow terminal, times and names are folded, and numbers are not.
            whole = name not in ("started", "potential")
            justify: Literal["right", "left"] = "right" if right else "left"
            table.add_column(name, justify=justify, overflow="fold", no_wrap=whole)
        for point in line.points:
            result = point.result
            low_high = "" if result.interval is None else "–".join(map(number, result.interval))
            cells = (
                *(point.run, point.started[:16].replace("T", " "), point.potential, point.content),
                *([point.frames] if several else []),
                result_text(result)[0],
                low_high,
                verdict_word(result.verdict),
            )
            table.add_row(*(Text(shown(cell)) for cell in cells))
        console.print(table)
