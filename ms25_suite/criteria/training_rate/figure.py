"""Learning curves and data training rates, as in the paper's Figure 3 and Table 8."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.training_rate.curves import LearningCurve, LearningGroup, learning_groups
from ms25_suite.criteria.training_rate.paper_rates import PaperRates
from ms25_suite.report.comparisons import marked
from ms25_suite.report.figures.axes import set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.palette import line_of, style_of
from ms25_suite.report.section import Block, Column, Drawing, Section, Table
from ms25_suite.report.wording import number, plain_number, pretty_unit, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_learning", "paper_table", "rate_table", "section"]

_LEGEND_COLUMNS: Final = 3

_NOTE: Final = (
    "The rate is minus the slope of a straight line through the logarithms of the errors; it has "
    "no unit. Its interval covers the scatter around the line and the finite number of test frames."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if there is no learning curve."""
    blocks = tuple(_block(group) for group in learning_groups(run, results))
    return Section(blocks, _NOTE) if blocks else None


def _block(group: LearningGroup) -> Block:
    tables, note = [rate_table(group)], ""
    if group.paper is not None:
        tables.append(paper_table(group.paper))
        note = _paper_note(group.paper, other_theory=group.stand_in)
    alt = f"Errors of {group.label} over the number of training frames."
    drawing = Drawing(draw_learning(group), alt)
    return Block(group.label, group.stand_in, drawing, tables=tuple(tables), note=note)


def _paper_note(paper: PaperRates, *, other_theory: bool) -> str:
    """What the published rates are, and what is not known of them."""
    theory = "another level of theory, " if other_theory else ""
    note = (
        f"Published rates: Maxson et al., JCIM 2025 (MS25), Table 8, with {theory}50 to 1000 "
        "training frames and budgets of 1.2 to 24 hours. They are shown for orientation and cannot "
        "be compared digit by digit. The table prints no signs and may hold absolute values, so "
        "that a rate of errors that grow would look like one of errors that fall: compare it with "
        "|rate|."
    )
    for given in paper.text:
        printed = paper.rates[given.architecture][given.quantity]
        (few, many), (first, last) = given.sizes, given.mae
        note += (
            f" The paper's text says that the error of {given.quantity} of {given.architecture} "
            f"goes from {first:g} to {last:g} {pretty_unit(given.unit)} between {few} and {many} "
            f"training frames, which is a rate of {plain_number(round(given.rate, 2))}; the table "
            f"prints {printed:.3f}."
        )
    return note


def rate_table(group: LearningGroup) -> Table:
    """Row for each curve: the rate, and how many training frames the threshold needs."""
    columns = [
        Column("potentials", "name"),
        Column("quantity", "quantity"),
        Column("training frames"),
        Column("rate", "number"),
        Column("95 % interval", "interval"),
        Column("r²", "number"),
        Column("frames needed for the threshold"),
        Column("verdict", "verdict"),
    ]
    if group.paper is not None:
        # Without sign, as the paper's table.
        columns += [Column("|rate|", "number"), Column("paper, |rate|", "number")]
    rows = []
    for curve in group.curves:
        result = curve.result
        rate, interval = value_text(curve.rate, result.interval)
        published = []
        if group.paper is not None:
            theirs = group.paper.rates.get(result.architecture, {}).get(result.quantity)
            published = [number(abs(curve.rate)), "" if theirs is None else f"{theirs:.3f}"]
        rows.append(
            (
                result.potential,
                result.quantity,
                ", ".join(plain_number(size) for size in curve.points.sizes),
                marked(rate, result),
                interval,
                number(curve.fit.r2),
                _needed(curve),
                result.verdict,
                *published,
            )
        )
    return Table(tuple(columns), rows)


def paper_table(paper: PaperRates) -> Table:
    """Rates that the paper published for a system."""
    heading = Column(f"the paper's {paper.title}, |rate| (Table 8)")
    rows = [
        (name, *(f"{rates[key]:.3f}" if key in rates else "" for key in QUANTITY_UNITS))
        for name, rates in paper.rates.items()
    ]
    return Table((heading, *(Column(key, "number") for key in QUANTITY_UNITS)), rows)


def _needed(curve: LearningCurve) -> str:
    """Number of training frames that the threshold of the error needs, in words."""
    needed = curve.needed
    if needed is None or needed.value is None:
        return "not known" if curve.points.threshold is not None else "no threshold"
    bound = "at most " if needed.reason.startswith("upper bound") else ""
    return f"{bound}{' '.join(value_text(needed.value, needed.interval))}".strip()


def draw_learning(group: LearningGroup) -> Figure:
    """A column of panels for each quantity: linear above, logarithmic with the lines below."""
    quantities = group.by_quantity
    names = list(dict.fromkeys(curve.result.potential for curve in group.curves))
    rows = math.ceil(len(names) / _LEGEND_COLUMNS)
    figure = new_figure(0.4 + 3.1 * len(quantities), 5.0 + ROW * rows)
    set_margins(figure, left=0.62, bottom=0.5 + ROW * rows, between=(0.32, 0.34))
    panels = figure.subplots(2, len(quantities), squeeze=False)
    for column, (quantity, curves) in enumerate(quantities.items()):
        linear, logarithmic = panels[:, column]
        for axes in (linear, logarithmic):
            for curve in curves:
                _draw_curve(axes, curve)
            marks = {c.points.threshold for c in curves if c.points.threshold is not None}
            for mark in sorted(marks):
                of: dict[str, Any] = {"quantity": quantity, "unit": curves[0].points.unit}
                draw_threshold(axes, mark, label="threshold of the error", **of)
            axes.set_xlabel("training frames", fontsize=8)
            tidy(axes)
        unit = pretty_unit(curves[0].points.unit)
        linear.set_title(f"{quantity}: MAE ({unit})", fontsize=9)
        linear.set_ylim(bottom=0)
        linear.set_xlim(left=0)
        _scale_logarithmically(logarithmic, curves)
    handles: dict[str, Any] = {}
    for axes in panels.T.flat:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    columns = min(len(handles), _LEGEND_COLUMNS)
    legend_below(figure, handles.values(), map(legend_label, handles), columns)
    return figure


def _draw_curve(axes: Axes, curve: LearningCurve) -> None:
    """Errors with their intervals, and the fitted line ``ln MAE = intercept - rate ln n``."""
    points = curve.points
    ends = [interval for interval in points.intervals if interval is not None]
    bars = None
    if len(ends) == len(points.mae):
        bars = [
            [max(mae - low, 0) for mae, (low, _) in zip(points.mae, ends, strict=True)],
            [max(high - mae, 0) for mae, (_, high) in zip(points.mae, ends, strict=True)],
        ]
    axes.errorbar(
        points.sizes,
        points.mae,
        yerr=bars,
        ms=4.5,
        lw=0,
        elinewidth=1.0,
        capsize=2,
        label=curve.result.potential,
        **style_of(curve.result.potential),
    )
    first, last = points.sizes[0], points.sizes[-1]
    # Evenly spaced on the logarithmic scale.
    steps = [first * (last / first) ** (k / 40) for k in range(41)]
    line = [math.exp(curve.fit.intercept) * n**-curve.rate for n in steps]
    axes.plot(steps, line, lw=1.1, **line_of(curve.result.potential))
    of: dict[str, Any] = {"result": curve.result, "x_name": "training frames", "unit": points.unit}
    error: dict[str, Any] = {"series": "MAE", "threshold": points.threshold, "verdict": ""}
    note_numbers(axes, points.mae, x=points.sizes, intervals=points.intervals, **error, **of)
    fit: dict[str, Any] = {"series": "fit", "x": (first, last), "threshold": None, "verdict": ""}
    note_numbers(axes, [line[0], line[-1]], **fit, **of)
    # No unit: minus the slope of the line.
    rate: dict[str, Any] = {"series": "rate", "unit": curve.result.unit}
    note_numbers(axes, [curve.rate], intervals=[curve.result.interval], result=curve.result, **rate)


def _scale_logarithmically(axes: Axes, curves: Sequence[LearningCurve]) -> None:
    """Logarithmic scales with a tick at each training size."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({size for curve in curves for size in curve.points.sizes})
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
