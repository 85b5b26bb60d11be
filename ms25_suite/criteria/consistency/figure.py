"""How far each law is broken, in multiples of its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.consistency import CRITERION
from ms25_suite.criteria.consistency.details import KEY, Compared, ConsistencyDetails
from ms25_suite.report.figures.axes import logarithmic, set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Block, Column, Drawing, Section, Table
from ms25_suite.report.wording import number, pretty_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_laws", "section"]

SMALLEST: Final = 1e-6
"""Smallest multiple of a threshold that is drawn: exact agreement has no place on the axis."""

_COLUMNS: Final = (
    Column("potential", "name"),
    Column("law", "quantity"),
    Column("largest difference", "number"),
    Column("within", "number"),
    Column("where"),
    Column("verdict", "verdict"),
)

_NOTE: Final = (
    "Laws that every potential obeys, whatever it has learned. Forces and stress as derivatives of "
    "the energy: “within” is the numerical error of the difference. All else: what rounding "
    "explains. Multiples below a millionth are drawn there."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """A drawing and a table for each dataset; None if nothing was measured."""
    del run
    own = [result for result in results if result.criterion == CRITERION.name]
    blocks = [
        _block(name, [result for result in own if result.test_dataset == name])
        for name in dict.fromkeys(result.test_dataset for result in own)
    ]
    known = tuple(block for block in blocks if block is not None)
    return Section(known, _NOTE) if known else None


def _block(dataset: str, results: Sequence[CheckResult]) -> Block | None:
    rows = []
    for result in results:
        details = details_of(result, KEY, ConsistencyDetails)
        if details is None or not details.compared:
            continue
        worst = max(details.compared, key=_multiple)
        rows.append(
            (
                result.potential,
                result.quantity,
                f"{number(worst.value, 2)} {pretty_unit(worst.unit)}",
                number(worst.allowed, 2),
                f"frame {worst.frame}, {worst.what}",
                result.verdict,
            )
        )
    if not rows:
        return None
    figure = draw_laws(results)
    alt = "Multiples of the threshold for each law, on a logarithmic axis."
    drawing = None if figure is None else Drawing(figure, alt)
    return Block(dataset, results[0].stand_in, drawing, tables=(Table(_COLUMNS, rows),))


def _multiple(one: Compared) -> float:
    return one.value / one.allowed if one.allowed > 0.0 else one.value


def draw_laws(results: Sequence[CheckResult]) -> Figure | None:
    """A row for each law and a dot for each potential; None if no number has a threshold."""
    known = [
        (result, result.value / result.threshold)
        for result in results
        if result.value is not None and result.threshold
    ]
    if not known:
        return None
    laws = list(dict.fromkeys(result.quantity for result, _ in known))
    potentials = list(dict.fromkeys(result.potential for result, _ in known))
    figure = new_figure(5.4, 1.0 + 0.24 * len(laws) + ROW * len(potentials))
    axes = figure.subplots()
    draw_threshold(axes, 1.0, upright=True, quantity="multiples of the threshold", unit="1")
    for place, name in enumerate(potentials):
        # Side by side: what is exact lies at one place for all.
        shift = 0.5 * ((place + 0.5) / len(potentials) - 0.5)
        own = [(laws.index(r.quantity) + shift, m) for r, m in known if r.potential == name]
        axes.plot(
            [max(multiple, SMALLEST) for _, multiple in own],
            [row for row, _ in own],
            ls="",
            ms=5,
            label=legend_label(name),
            **style_of(name),
        )
    for result, multiple in known:
        note_numbers(
            axes,
            [result.value],
            result=result,
            intervals=[result.interval],
            x=[multiple],
            x_name="multiples of the threshold",
            x_unit="1",
        )
    logarithmic(axes, "x", [1.0, *(max(multiple, SMALLEST) for _, multiple in known)])
    axes.set_yticks(range(len(laws)), [law.replace("_", " ") for law in laws], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("multiples of the threshold", fontsize=8)
    tidy(axes)
    set_margins(figure, left=1.45, top=0.12, bottom=0.5 + ROW * len(potentials))
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure
