"""Table 8 as a figure: data training rates with their intervals, and the paper's beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.paper.figures.sheet import Sheet, rate_row, set_suffix, set_words
from ms25_suite.campaign.paper.figures.style import (
    SMALL,
    TEXT,
    WIDTH,
    dataset_title,
    footnotes,
    label_axes,
    legend_columns,
    notes_height,
    panel_title,
    print_footnotes,
    style_of,
    variant_legend,
)
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes
from ms25_suite.campaign.paper.rates import Curve, curve_of
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.error_thresholds import CRITERION as ERRORS
from ms25_suite.criteria.training_rate.paper_rates import paper_rates
from ms25_suite.report.figures.axes import tidy
from ms25_suite.report.figures.canvas import INK, MUTED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Rates", "rate_sheet", "rates_of"]

_NAMES: Final = {"energy": "Energy", "forces": "Force", "stress": "Stress"}
_PANEL: Final = 1.15

Rates = Mapping[tuple[str, str, str], Curve]
"""Curves by dataset, quantity and label of the variant."""


def rates_of(outcomes: Outcomes, number: int) -> dict[tuple[str, str, str], Curve]:
    """Curves of all datasets, quantities and trained variants of a set."""
    found = {}
    for name in outcomes.datasets:
        for quantity in outcomes.quantities(ERRORS.name, name):
            for variant in outcomes.variants:
                curve = curve_of(outcomes, name, quantity, variant, number)
                if curve is not None:
                    found[name, quantity, variant.label] = curve
    return found


def published(dataset: str, quantity: str, architecture: str) -> float | None:
    """Rate that the paper's Table 8 prints, without sign; None if it has none."""
    table = paper_rates(dataset)
    return None if table is None else table.rates.get(architecture, {}).get(quantity)


def rate_sheet(outcomes: Outcomes, rates: Rates, number: int) -> Sheet | None:
    """Table 8 of a set, as a figure; None without any rate."""
    if not any(curve.line is not None for curve in rates.values()):
        return None
    rows: list[dict[str, Any]] = []
    for (name, quantity, _), curve in rates.items():
        stand_in = name in outcomes.stand_ins
        row = rate_row("table-8", name, quantity, curve, number, stand_in=stand_in)
        rows.append(row | {"paper": published(name, quantity, curve.variant.architecture)})
    notes = footnotes(
        outcomes,
        outcomes.datasets,
        (),
        "Filled: these runs; black bars: Table 8 of the paper, which prints no signs (50 to 1000 "
        "frames, budgets of 1.2 to 24 hours).",
        "Lines: range of the sets." if number == ALL_SETS else "Lines: 95 % intervals.",
    )
    return Sheet(
        f"table-8{set_suffix(number)}",
        f"Table 8, {set_words(number)}: data training rates",
        f"Data training rates, {set_words(number)}, and those of the paper's Table 8.",
        "Data training rates by dataset, quantity and architecture.",
        partial(_draw, outcomes, rates, notes),
        rows,
    )


def _draw(outcomes: Outcomes, rates: Rates, notes: Sequence[str]) -> Figure:
    quantities = [
        name
        for name in QUANTITY_UNITS
        if any(key[1] == name and curve.line is not None for key, curve in rates.items())
    ]
    variants = [one for one in outcomes.variants if one.trained]
    columns = legend_columns([one.label for one in variants])
    foot = notes_height(notes, WIDTH)
    legend = 0.15 * -(-len(variants) // columns) + 0.06
    height = len(quantities) * (_PANEL + 0.24) + 0.3 + legend + foot
    figure = new_figure(WIDTH, height)
    for place, quantity in enumerate(quantities):
        bottom = height - (place + 1) * (_PANEL + 0.24)
        axes = figure.add_axes(
            (0.5 / WIDTH, bottom / height, (WIDTH - 0.56) / WIDTH, _PANEL / height)
        )
        panel_title(axes, place, _NAMES[quantity])
        _draw_panel(axes, outcomes, rates, quantity)
        last = place == len(quantities) - 1
        labels = [dataset_title(name, outcomes) for name in outcomes.datasets] if last else []
        axes.set_xticks(range(len(outcomes.datasets)), labels or [""] * len(outcomes.datasets))
        label_axes(axes, "", "rate", 0.33)
        tidy(axes, "y")
        axes.tick_params(labelsize=SMALL + 0.5, length=2, pad=2)
        axes.tick_params(axis="x", labelsize=TEXT)
    variant_legend(figure, [(one, one.label) for one in variants], foot + 0.02, columns)
    print_footnotes(figure, notes)
    return figure


def _draw_panel(axes: Axes, outcomes: Outcomes, rates: Rates, quantity: str) -> None:
    variants = [one for one in outcomes.variants if one.trained]
    step = 0.75 / max(len(variants), 2)
    ends = [0.0]
    for index, variant in enumerate(variants):
        shift, style = (index - (len(variants) - 1) / 2) * step, style_of(variant)
        theirs = [
            (x + shift, rate)
            for x, name in enumerate(outcomes.datasets)
            if (rate := published(name, quantity, variant.architecture)) is not None
        ]
        places = [at for at, _ in theirs]
        axes.hlines(
            [rate for _, rate in theirs],
            [at - 0.4 * step for at in places],
            [at + 0.4 * step for at in places],
            color=INK,
            lw=1.3,
        )
        ours = [
            (x + shift, curve.line)
            for x, name in enumerate(outcomes.datasets)
            if (curve := rates.get((name, quantity, variant.label))) and curve.line is not None
        ]
        bars = [(at, *line.interval) for at, line in ours if line.interval is not None]
        if bars:
            axes.vlines(*zip(*bars, strict=True), color=style["color"], lw=1.0)
        values = [line.rate for _, line in ours]
        axes.plot([at for at, _ in ours], values, ls="", ms=4, **style)
        ends += [*values, *(rate for _, rate in theirs)]
    axes.axhline(0, color=MUTED, lw=0.7)
    for x in range(1, len(outcomes.datasets)):
        axes.axvline(x - 0.5, color="#e4e8ec", lw=0.6)
    axes.set_xlim(-0.5, len(outcomes.datasets) - 0.5)
    # Three sizes leave one degree of freedom, whose intervals would flatten everything else.
    low, high = min(ends), max(ends)
    pad = 0.25 * (high - low or 1.0)
    axes.set_ylim(low - pad, high + pad)
