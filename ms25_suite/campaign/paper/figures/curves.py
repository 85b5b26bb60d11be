"""Figure 3: errors over the number of training frames, linear and logarithmic, with the lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ms25_suite.campaign.paper.figures.marks import draw_bars
from ms25_suite.campaign.paper.figures.sheet import (
    Sheet,
    file_name,
    rate_row,
    row_of,
    set_suffix,
    set_words,
)
from ms25_suite.campaign.paper.figures.style import (
    SMALL,
    WIDTH,
    dataset_title,
    footnotes,
    label_axes,
    legend_columns,
    notes_height,
    panel_title,
    plain_tick,
    print_footnotes,
    spaced,
    style_of,
    variant_legend,
)
from ms25_suite.campaign.paper.figures.thresholds import draw_thresholds, thresholds_of
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes
from ms25_suite.campaign.paper.rates import Curve, Line, curve_of, error_place
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.error_thresholds import CRITERION as ERRORS
from ms25_suite.report.figures.axes import tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.wording import footnote, pretty_unit, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curve_sheet", "curve_sheets"]

_NAMES: Final = {"energy": "Energy", "forces": "Force", "stress": "Stress"}
_PANEL_HEIGHT: Final = 2.2
_STEPS: Final = 24


def curve_sheets(outcomes: Outcomes, dataset: str, number: int) -> list[Sheet]:
    """Figure 3 of a dataset and set, for each quantity that there are errors of."""
    sheets = [
        curve_sheet(outcomes, dataset, quantity, number)
        for quantity in outcomes.quantities(ERRORS.name, dataset)
    ]
    return [sheet for sheet in sheets if sheet is not None]


def curve_sheet(outcomes: Outcomes, dataset: str, quantity: str, number: int) -> Sheet | None:
    """Figure 3 of a dataset, quantity and set; None without any point."""
    found = [
        curve_of(outcomes, dataset, quantity, variant, number) for variant in outcomes.variants
    ]
    curves = [curve for curve in found if curve is not None]
    points = [point for curve in curves for point in curve.points.values()]
    if not any(point.value is not None for point in points):
        return None
    marks = thresholds_of(points)
    without = [
        f"{curve.variant.label} ({footnote(curve.reason)})"
        for curve in curves
        if curve.line is None
    ]
    partly = [
        f"{c.variant.label} (not {footnote(c.reason)})" for c in curves if c.line and c.reason
    ]
    notes = footnotes(
        outcomes,
        [dataset],
        points,
        "Dashes: single sets; bars: their range. Lines: mean of the lines of the sets."
        if number == ALL_SETS
        else "Bars: 95 % intervals. Legend: rate, minus the slope of the line.",
        f"No line: {'; '.join(without)}." if without else "",
        f"Line of some sets only: {'; '.join(partly)}." if partly else "",
        "Dotted: threshold of the suite." if marks else "",
    )
    place = error_place(dataset, quantity)
    rows = [
        row_of("3", place, curve.variant, n, number, point)
        for curve in curves
        for n, point in curve.points.items()
    ]
    stand_in = dataset in outcomes.stand_ins
    rows += [rate_row("3", dataset, quantity, curve, number, stand_in=stand_in) for curve in curves]
    title = f"{dataset_title(dataset, outcomes)}, {_NAMES[quantity].lower()}"
    drawn = [_light(curve) for curve in curves if any(map(_is_number, curve.points.values()))]
    return Sheet(
        f"figure-3-{file_name(dataset)}-{quantity}{set_suffix(number)}",
        f"{title}, {set_words(number)}",
        f"Mean absolute errors of {title} over the number of training frames, {set_words(number)}, "
        "on a linear (a) and on logarithmic scales (b), with lines through the logarithms.",
        f"Training curves of {title}.",
        partial(_draw, dataset_title(dataset, outcomes), quantity, drawn, marks, notes, number),
        rows,
    )


def _is_number(reading: Reading) -> bool:
    return reading.value is not None


def _light(curve: Curve) -> Curve:
    """Curve without the results behind it, which a process that draws it does not need."""
    points = {n: replace(one, results=()) for n, one in curve.points.items()}
    return replace(curve, points=points)


def _draw(
    name: str,
    quantity: str,
    drawn: Sequence[Curve],
    marks: Sequence[float],
    notes: Sequence[str],
    number: int,
) -> Figure:
    columns = legend_columns([_label(curve) for curve in drawn], 3)
    legend = 0.15 * -(-len(drawn) // columns) + 0.08
    foot = notes_height(notes, WIDTH)
    height = 0.28 + _PANEL_HEIGHT + 0.42 + legend + foot
    figure = new_figure(WIDTH, height)
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(
        left=0.55 / WIDTH,
        right=1 - 0.1 / WIDTH,
        bottom=(0.42 + legend + foot) / height,
        top=1 - 0.28 / height,
        wspace=0.22,
    )
    linear, logarithmic = panels
    panel_title(linear, 0, f"{name}, linear")
    panel_title(logarithmic, 1, f"{name}, log-log")
    sizes = sorted({n for c in drawn for n, one in c.points.items() if one.value is not None})
    _scale_linearly(linear, drawn, marks, sizes)
    _scale_logarithmically(logarithmic, drawn, marks, sizes)
    unit = pretty_unit(QUANTITY_UNITS[quantity])
    for axes in panels:
        draw_thresholds(axes, marks)
        for curve in drawn:
            _draw_curve(axes, curve, number)
        label_axes(axes, "training frames", f"{_NAMES[quantity]} MAE ({unit})", 0.3)
        tidy(axes)
        axes.tick_params(which="both", labelsize=SMALL + 0.5, length=2.5, pad=2)
        axes.tick_params(which="minor", length=1.5)
    entries = [(curve.variant, _label(curve)) for curve in drawn]
    variant_legend(figure, entries, foot + 0.02, columns)
    print_footnotes(figure, notes)
    return figure


def _label(curve: Curve) -> str:
    if curve.line is None:
        return f"{curve.variant.label}: no line"
    rate, interval = value_text(curve.line.rate, curve.line.interval)
    return f"{curve.variant.label}: {rate} {interval}".rstrip()


def _draw_curve(axes: Axes, curve: Curve, number: int) -> None:
    style = style_of(curve.variant)
    known = {n: one for n, one in curve.points.items() if one.value is not None}
    sizes = list(known)
    values = [float(one.value or 0.0) for one in known.values()]
    draw_bars(axes, sizes, known.values(), style["color"])
    axes.plot(sizes, values, ls="", ms=4, mew=0.8, **style)
    if number == ALL_SETS:
        singles = [(n, x) for n, one in known.items() if one.of_several for x in one.values]
        axes.plot(*_columns(singles), ls="", marker="_", ms=4, mew=0.8, color=style["color"])
    if curve.line is not None:
        _draw_line(axes, curve.line, style["color"])


def _columns(rows: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in rows], [y for _, y in rows]


def _draw_line(axes: Axes, line: Line, color: str) -> None:
    first, last = line.sizes[0], line.sizes[-1]
    # Evenly spaced on the logarithmic scale; the line is not drawn beyond what was measured.
    steps = [first * (last / first) ** (k / _STEPS) for k in range(_STEPS + 1)]
    axes.plot(steps, [line.at(n) for n in steps], color=color, lw=0.9)


def _ends(curves: Sequence[Curve]) -> list[float]:
    ends: list[float] = []
    for curve in curves:
        for one in curve.points.values():
            ends += [] if one.value is None else [one.value, *(one.interval or ())]
    return [end for end in ends if end > 0 and math.isfinite(end)]


def _scale_linearly(
    axes: Axes, curves: Sequence[Curve], marks: Sequence[float], sizes: Sequence[int]
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, 1.06 * sizes[-1])
    axes.set_ylim(0, 1.08 * max([*_ends(curves), *marks], default=1.0))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(plain_tick))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _scale_logarithmically(
    axes: Axes, curves: Sequence[Curve], marks: Sequence[float], sizes: Sequence[int]
) -> None:
    """Logarithmic scales with a tick at each training size, of which not all have a number."""
    from matplotlib.ticker import (
        FixedLocator,
        FuncFormatter,
        LogLocator,
        NullFormatter,
        NullLocator,
    )

    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = sizes[0] / 1.15, sizes[-1] * 1.15
    axes.set_xlim(low, high)
    ends = [*_ends(curves), *marks] or [1.0]
    bottom, top = min(ends) / 1.2, max(ends) * 1.2
    # At least a factor of three, so that there are two numbers on the axis.
    if top < 3 * bottom:
        middle = math.sqrt(bottom * top)
        bottom, top = middle / math.sqrt(3), middle * math.sqrt(3)
    axes.set_ylim(bottom, top)
    shown = spaced(sizes, 2.9, low, high, 0.26)
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(FixedLocator(list(sizes)))
    subs = (1.0,) if top > 300 * bottom else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(plain_tick))
        axis.set_minor_formatter(NullFormatter())
