"""Table of the differences between routes, a row for each potential and route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ms25_suite.core.details import details_of
from ms25_suite.core.fields import QUANTITIES
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, worst_verdict
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.route_agreement import CRITERION
from ms25_suite.criteria.route_agreement.details import KEY, RouteDetails
from ms25_suite.criteria.route_agreement.selection import route_of
from ms25_suite.report.section import Block, Column, Section, Table
from ms25_suite.report.wording import number, plain_number, pretty_unit

__all__ = ["section"]

_NOTE: Final = (
    "Largest difference between two evaluations of the same frames, and in brackets the difference "
    "that is rounding of the floating-point type."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no routes were compared."""
    del run
    groups: dict[str, dict[tuple[str, str], dict[str, CheckResult]]] = {}
    for result in results:
        if result.criterion != CRITERION.name or details_of(result, KEY, RouteDetails) is None:
            continue
        row = (result.potential, route_of(result.quantity))
        quantity = result.quantity.rpartition("_")[2]
        groups.setdefault(result.test_dataset, {}).setdefault(row, {})[quantity] = result
    blocks = tuple(
        Block(heading=dataset, tables=(_table(rows),)) for dataset, rows in groups.items()
    )
    return Section(blocks, _NOTE) if blocks else None


def _table(rows: dict[tuple[str, str], dict[str, CheckResult]]) -> Table:
    columns = (
        Column("potential", "name"),
        Column("route"),
        Column("compared"),
        Column("frames", "number"),
        Column("type"),
        *(
            Column(f"{quantity}, {pretty_unit(QUANTITY_UNITS[quantity])}", "number")
            for quantity in QUANTITIES
        ),
        Column("verdict", "verdict"),
    )
    cells = []
    for (potential, route), found in rows.items():
        details = details_of(next(iter(found.values())), KEY, RouteDetails)
        assert details is not None
        cells.append(
            (
                potential,
                route.replace("_", " "),
                f"{details.one} ↔ {details.other}",
                str(len(details.frames)),
                details.dtype,
                *(_difference(found.get(quantity)) for quantity in QUANTITIES),
                worst_verdict(result.verdict for result in found.values()),
            )
        )
    return Table(columns, cells)


def _difference(result: CheckResult | None) -> str:
    """A difference and its mark."""
    if result is None:
        return ""
    if result.value is None or result.threshold is None:
        return "no number"
    return f"{number(result.value, 2)} ({plain_number(result.threshold)})"
