"""Table of the terms of the energy errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.energy_decomposition import CRITERION
from ms25_suite.criteria.energy_decomposition.details import KEY, TermsDetails
from ms25_suite.report.comparisons import marked
from ms25_suite.report.section import Block, Column, Section, Table
from ms25_suite.report.wording import pair_label, value_text

__all__ = ["section"]

_NOTE: Final = (
    "The terms are fitted to the test frames, one after the other; each has what it explains "
    "beyond those before it, without what its parameters explain by chance. The squares of the "
    "sizes add up to the mean square error. Constants cancel in all differences of energies "
    "between frames of one composition; the rest does not."
)

_COLUMNS: Final = (
    Column("potential", "name"),
    Column("term"),
    Column("parameters", "number"),
    Column("rms, meV/atom", "number"),
    Column("95 % interval", "interval"),
    Column("share, %", "number"),
    Column("95 % interval", "interval"),
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """A table for each dataset; None if nothing was split."""
    del run
    rows: dict[str, list[tuple[str | Verdict | None, ...]]] = {}
    points: dict[str, list[str]] = {}
    stand_ins: dict[str, bool] = {}
    for result in results:
        found = details_of(result, KEY, TermsDetails)
        if result.criterion != CRITERION.name or found is None:
            continue
        label = pair_label(result.dataset, result.test_dataset)
        stand_ins[label] = result.stand_in
        missing = [f"{result.potential}: no term for {text}" for text in found.without]
        points.setdefault(label, []).extend(missing)
        for term in found.terms:
            size, around = value_text(term.size, term.size_interval)
            share, of_share = value_text(term.share, term.share_interval)
            rows.setdefault(label, []).append(
                (
                    result.potential,
                    term.name,
                    str(term.n_parameters) if term.n_parameters else "",
                    marked(size, result),
                    around,
                    share,
                    of_share,
                )
            )
    blocks = tuple(
        Block(label, stand_ins[label], points=tuple(points[label]), tables=(Table(_COLUMNS, own),))
        for label, own in rows.items()
    )
    return Section(blocks, _NOTE) if blocks else None
