"""Results as CSV, as JSON and as a table for the terminal."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ms25_suite.core.details import KindError, details_of
from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult, ResultsDocument, Verdict
from ms25_suite.core.text.lines import one_line, wrapped
from ms25_suite.core.text.shown import csv_cell, shown, shown_lines
from ms25_suite.core.text.terminal import readable
from ms25_suite.report.comparisons import counted, marked, notice, two_levels_of
from ms25_suite.report.grid import stand_in_notes, without_model_notes
from ms25_suite.report.pairs import without_repeats
from ms25_suite.report.wording import (
    SYMBOLS,
    change_text,
    limit_text,
    pair_label,
    pretty_unit,
    quantity_text,
    result_text,
    verdict_word,
)

__all__ = [
    "CSV_COLUMNS",
    "change_columns",
    "config_type_text",
    "csv_text",
    "group_heading",
    "headings",
    "json_text",
    "plain",
    "result_cells",
    "terminal_table",
]

CSV_COLUMNS: Final = (
    "criterion",
    "dataset",
    "test_dataset",
    "potential",
    "architecture",
    "quantity",
    "metric",
    "value",
    "unit",
    "interval_low",
    "interval_high",
    "threshold",
    "threshold_source",
    "verdict",
    "n_frames",
    "reason",
    "duration_s",
    "tier",
    "level_of_theory",
    "stand_in",
    "artifact",
    "potential_sha256",
    "at_least",
    "by_config_type",
    "unjudged",
    "incomparable",
    "n_independent",
    "since_baseline",
    "baseline_value",
    "baseline_difference",
    "conditions",
)
"""Columns of ``results.csv``; new ones are only ever added at the end."""

_HEADINGS: Final = ("potential", "quantity", "value", "95 % interval", "limit", "unit", "verdict")

SINCE: Final = "since baseline"
"""Heading of the column that is there if the run was compared with a baseline."""

_GUTTER: Final = 2
_NARROWEST: Final = 8

_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.UNDECIDED: "yellow",
    Verdict.INCOMPARABLE: "yellow",
    Verdict.ERROR: "bold magenta",
    Verdict.SKIP: "dim",
    None: "default",
}


def csv_text(results: Sequence[CheckResult]) -> str:
    """One row per result below the heading `CSV_COLUMNS`; absent values are empty.

    Texts that a spreadsheet would take for a formula have an apostrophe in front.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(
        buffer, CSV_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    for result in results:
        record = result.to_dict()
        low, high = record["interval"] or ("", "")
        row = {
            key: csv_cell(value) if isinstance(value, str) else "" if value is None else value
            for key, value in record.items()
        }
        row |= {"interval_low": low, "interval_high": high}
        # Lower case, as JSON and most readers of CSV have it.
        flags = ("stand_in", "at_least", "unjudged", "incomparable")
        row |= {name: "true" if record[name] else "false" for name in flags}
        row["by_config_type"] = config_type_text(result)
        conditions = "; ".join(f"{name}={value}" for name, value in result.conditions.items())
        row["conditions"] = csv_cell(conditions)
        since = change_columns(result)
        row |= {name: "" if value is None else value for name, value in since.items()}
        writer.writerow(row)
    return buffer.getvalue()


def change_columns(result: CheckResult) -> dict[str, str | float | None]:
    """Columns about the change since the baseline; None where there is nothing to say."""
    change = result.change
    return {
        "since_baseline": None if change is None else change.verdict.value,
        "baseline_value": None if change is None else change.before,
        "baseline_difference": None if change is None else change.difference,
    }


def config_type_text(result: CheckResult) -> str:
    """Errors by kind of frame: ``1.2 bulk (5 frames); 3.4 slab (1 frame)``.

    It starts with a number, so that no spreadsheet takes a name for a formula.
    """
    kinds = details_of(result, "per_config_type", dict[str, KindError]) or {}
    return "; ".join(
        f"{error.mae:.6g} {kind} ({error.n_frames} frame{'' if error.n_frames == 1 else 's'})"
        for kind, error in kinds.items()
    )


def json_text(run: RunRecord, results: Sequence[CheckResult]) -> str:
    """Text of ``results.json``.

    Raises
    ------
    ReportError
        The value, interval or threshold of a result is not finite, or its details are not
        JSON-able.
    """
    for result in results:
        for name in ("value", "interval", "threshold", "duration_s"):
            found = getattr(result, name)
            numbers = found if isinstance(found, tuple) else (found,)
            if any(x is not None and not math.isfinite(x) for x in numbers):
                msg = f"`{name}` of the result {result.key} must be finite or absent, found {found}"
                raise ReportError(msg)
    document = ResultsDocument(schema=SCHEMA, run=run, results=tuple(results))
    try:
        return (
            json.dumps(plain(document.to_dict()), allow_nan=False, ensure_ascii=False, indent=1)
            + "\n"
        )
    except (TypeError, ValueError) as error:
        msg = (
            f"the details of a result are not JSON-able: {error}; expected numbers, texts, lists "
            "and tables"
        )
        raise ReportError(msg) from error


def plain(value: Any) -> Any:
    """JSON-able copy: paths become texts, arrays lists, and numbers that are not finite None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        # Sets have no order, and the same results must give the same bytes.
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, os.PathLike):
        return str(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    # JSON has no NaN.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def terminal_table(
    results: Sequence[CheckResult],
    width: int = 100,
    color: bool = False,
    encoding: str | None = None,
    run: RunRecord | None = None,
) -> str:
    """Table of results by criterion and dataset, followed by their reasons and findings.

    The potential has a column, or stands above its rows where it is the only one, or where the
    terminal is too narrow for the column.

    What has to be known before any number, that two levels of theory are compared, is above it.

    Parameters
    ----------
    results
        Results; within a criterion and dataset they keep their order.
    width
        Number of columns of the terminal; at least 72 are used.
    color
        Whether to use ANSI colours.
    encoding
        Encoding of the terminal: signs that it lacks are replaced before columns are laid out. None
        for UTF-8.
    run
        Description of the run, for what potentials learned and what the paper's labels are.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not results:
        return "no results\n"
    width = max(width, 72)
    buffer = io.StringIO()
    # With an empty environment the table depends only on the arguments.
    console = Console(
        file=buffer,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        # In a notebook rich would show the table by itself, and leave the text empty.
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
        _environ={},
    )
    reasons: dict[str, int] = {}
    listed: list[tuple[str, str, tuple[str, ...], str]] = []
    columns_shown = headings(results)
    for result in without_repeats(results):
        *cells, word = result_cells(result, since=SINCE in columns_shown)
        if result.reason:
            word += f" [{reasons.setdefault(result.reason, len(reasons) + 1)}]"
        name, *others = (readable(shown(cell), encoding) for cell in (*cells, word))
        heading = readable(shown(group_heading(result)), encoding)
        listed.append((heading, name, tuple(others), _STYLES[result.verdict]))
    rows = [(name, *others) for _, name, others, _ in listed]
    # A name that is in every row, or that would be folded in every row, stands above them.
    name_above = len({row[0] for row in rows}) == 1 or not _fits([columns_shown, *rows], width)
    dot = readable("·", encoding)
    groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for heading, name, behind, style in listed:
        cells_shown = behind if name_above else (name, *behind)
        above = f"{heading} {dot} {name}" if name_above else heading
        groups.setdefault(above, []).append((cells_shown, style))
    columns_shown = columns_shown[1:] if name_above else columns_shown
    rows = [row for group in groups.values() for row, _ in group]
    gutter, widths = _layout([columns_shown, *rows], width)

    def show(lines: Iterable[tuple[tuple[str, ...], str]]) -> None:
        table = Table.grid(padding=(0, gutter, 0, 0))
        for heading, columns in zip(columns_shown, widths, strict=True):
            table.add_column(
                width=columns, overflow="fold", justify="right" if heading == "value" else "left"
            )
        for (*cells, last), style in lines:
            table.add_row(*map(Text, cells), Text(last, style=style))
        console.print(table)

    pairs = two_levels_of(run or RunRecord(), results)
    for line in notice(pairs, counted=counted(results)):
        console.print(Text(readable(shown_lines(line), encoding)))
    if pairs:
        console.print()
    rule = readable("─", encoding)
    show([(columns_shown, "default"), (tuple(rule * columns for columns in widths), "default")])
    # Tables of equal columns, one per group, so that a long heading does not widen a column.
    for heading, lines in groups.items():
        console.print(Text(heading, style="bold"))
        show(lines)
        console.print()
    notes = [f"[{number}] {_without_traceback(reason)}" for reason, number in reasons.items()]
    for note in (*notes, *without_model_notes(results), *stand_in_notes(RunRecord(), results)):
        console.print(Text(readable(wrapped(shown_lines(note), width), encoding)))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).rstrip("\n") + "\n"


def _without_traceback(reason: str) -> str:
    """A reason without the traceback or the end of a log, which only the report quotes."""
    return one_line(reason) if "\n  " in reason else reason


def group_heading(result: CheckResult) -> str:
    """Criterion and dataset of a result, with a dagger where its labels stand in."""
    dagger = "†" if result.stand_in else ""
    return f"{result.criterion}: {pair_label(result.dataset, result.test_dataset)}{dagger}"


def headings(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """Headings of the columns of `result_cells`."""
    if any(result.change is not None for result in results):
        return (*_HEADINGS[:-1], SINCE, _HEADINGS[-1])
    return _HEADINGS


def result_cells(result: CheckResult, *, since: bool = False) -> tuple[str, ...]:
    """What a row of a table says about a result, a text for each of `headings`.

    Parameters
    ----------
    result
        The result.
    since
        Whether there is a column for how it changed since the baseline.
    """
    value, interval = result_text(result)
    return (
        result.potential,
        quantity_text(result.quantity, result.metric),
        # The verdict has the same sign, and the line is narrow.
        value if result.verdict is Verdict.INCOMPARABLE else marked(value, result),
        interval,
        "" if result.threshold is None else limit_text(result.threshold, result.at_least),
        pretty_unit(result.unit),
        *([change_text(result.change)] if since else []),
        f"{SYMBOLS[result.verdict]} {verdict_word(result.verdict)}",
    )


def _fits(rows: Sequence[tuple[str, ...]], total: int) -> bool:
    """Whether no cell has to be folded."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return sum(widths) + len(widths) - 1 <= total


def _layout(rows: Sequence[tuple[str, ...]], total: int) -> tuple[int, list[int]]:
    """Width of the gutter and of each column; long names are folded to fit the total width."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    gutter = _GUTTER if sum(widths) + _GUTTER * (len(widths) - 1) <= total else 1
    while sum(widths) + gutter * (len(widths) - 1) > total:
        # Narrow the wider one of the two columns of names.
        widest = max((0, 1), key=lambda index: widths[index])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return gutter, widths
