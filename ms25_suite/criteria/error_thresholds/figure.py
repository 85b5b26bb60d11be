"""Errors of parts (elements, sizes of the force, kinds of frames), and by distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.error_thresholds import CRITERION
from ms25_suite.criteria.error_thresholds.details import KEY, PartsDetails
from ms25_suite.criteria.error_thresholds.distance_figure import distance_blocks
from ms25_suite.report.comparisons import marked
from ms25_suite.report.section import Block, Column, Section, Table
from ms25_suite.report.wording import limit_text, pair_label, pretty_unit, value_text

__all__ = ["section"]

_MOST_ROWS: Final = 8
"""Parts of a group in the table, the worst first; the file has more."""

_NOTE: Final = (
    "The worst part gives the verdict of its group. The intervals of the parts of a group hold "
    "together (Bonferroni). A part without verdict has too few frames for an interval, or no "
    "threshold is set. These verdicts are by the limits: where a baseline is given, a group within "
    "them can still fail by it."
)

_COLUMNS: Final = (
    Column("potential", "name"),
    Column("error", "quantity"),
    Column("part"),
    Column("frames", "number"),
    Column("value", "number"),
    Column("interval", "interval"),
    Column("limit", "number"),
    Column("unit"),
    Column("verdict", "verdict"),
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """A table and a figure for each dataset; None if there is nothing to show."""
    del run
    rows: dict[str, list[tuple[str | Verdict | None, ...]]] = {}
    stand_ins: dict[str, bool] = {}
    for result in results:
        found = details_of(result, KEY, PartsDetails)
        if result.criterion != CRITERION.name or found is None:
            continue
        label = pair_label(result.dataset, result.test_dataset)
        stand_ins[label] = result.stand_in
        words = result.quantity.replace("_", " ")
        for part in found.parts[:_MOST_ROWS]:
            value, interval = value_text(part.value, part.interval)
            # A part of numbers that compare two levels of theory has no verdict of its own.
            verdict = result.verdict if result.incomparable and part.verdict else part.verdict
            rows.setdefault(label, []).append(
                (
                    result.potential,
                    words,
                    part.name,
                    str(part.n_frames),
                    marked(value, result),
                    interval,
                    "" if part.threshold is None else limit_text(part.threshold, False),
                    pretty_unit(result.unit),
                    verdict,
                )
            )
    blocks = tuple(
        Block(label, stand_ins[label], tables=(Table(_COLUMNS, own),))
        for label, own in rows.items()
    )
    blocks += distance_blocks(results)
    return Section(blocks, _NOTE) if blocks else None
