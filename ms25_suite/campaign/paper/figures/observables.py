"""Figure 5: errors of a volume, a barrier and a lattice constant over the training frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.paper.figures.marks import draw_bars, draw_crosses
from ms25_suite.campaign.paper.figures.sheet import Sheet, row_of, set_suffix, set_words
from ms25_suite.campaign.paper.figures.style import (
    SMALL,
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
from ms25_suite.campaign.paper.figures.thresholds import draw_thresholds, thresholds_of
from ms25_suite.campaign.paper.observed import OBSERVABLES, Observed, observed
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, Place
from ms25_suite.campaign.paper.readings import NOT_RUN, Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.report.figures.axes import tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["observable_sheet"]

_LABELS: Final = {
    "volume": "volume error (%)",
    "barrier": "barrier error (eV)",
    "lattice_constant": "|lattice constant error| (Å)",
}

_TALL: Final = 8.0
"""A number beyond so many thresholds makes the axis logarithmic beyond the threshold."""


def observable_sheet(outcomes: Outcomes, number: int) -> Sheet | None:
    """Figure 5 of a set: a panel for each of the paper's observables whose dataset is there."""
    places = [place for name, place in OBSERVABLES.items() if name in outcomes.datasets]
    if not places:
        return None
    seen: dict[Place, dict[tuple[str, int | None], Observed]] = {}
    for place in places:
        seen[place] = {
            (variant.label, n): observed(outcomes, place, variant, n, number)
            for variant in outcomes.variants
            for n in (outcomes.sizes(place.dataset) if variant.trained else [None])
        }
    readings = [one.reading for own in seen.values() for one in own.values()]
    if not any(one.value is not None or _tried(one) for one in readings):
        return None
    quantities = [place.quantity for place in places]
    notes = footnotes(
        outcomes,
        [place.dataset for place in places],
        readings,
        _note(seen, quantities),
        "Dotted: thresholds of the suite." if thresholds_of(readings) else "",
        "Crosses at the lower edge: tried, no number." if any(map(_tried, readings)) else "",
        "Bars: range of the sets." if number == ALL_SETS else "",
    )
    rows: list[dict[str, Any]] = []
    for letter, (place, own) in zip("abc", seen.items(), strict=False):
        for variant in outcomes.variants:
            for (label, n), one in own.items():
                if label == variant.label:
                    remark = "open symbol; " if one.open else ""
                    row = row_of("5", place, variant, n, number, one.reading, panel=letter)
                    rows.append(row | {"reason": remark + one.reading.reason})
    words = ", ".join(f"{dataset_title(p.dataset)} {p.quantity.replace('_', ' ')}" for p in places)
    return Sheet(
        f"figure-5{set_suffix(number)}",
        f"Figure 5, {set_words(number)}: errors of observables",
        f"Errors of observables over the number of training frames, {set_words(number)}: {words}. "
        "Predicted minus reference; of the lattice constants, the mean size of the errors of all "
        "alloys. Open circles as in the paper: the band did not converge.",
        f"Errors of observables: {words}.",
        partial(_draw, outcomes, seen, notes),
        rows,
    )


def _note(
    seen: dict[Place, dict[tuple[str, int | None], Observed]], quantities: Sequence[str]
) -> str:
    if not any(one.open for own in seen.values() for one in own.values()):
        return ""
    parts = []
    if "barrier" in quantities:
        parts.append("the band did not converge (its highest point is shown)")
    if {"volume", "lattice_constant"} & {*quantities}:
        parts.append("some curves have no minimum (the others are shown)")
    return f"Open circles: {', or '.join(parts)}."


def _draw(
    outcomes: Outcomes,
    seen: dict[Place, dict[tuple[str, int | None], Observed]],
    notes: Sequence[str],
) -> Figure:
    variants = [
        one
        for one in outcomes.variants
        if any(
            label == one.label and o.reading.sign != NOT_RUN
            for own in seen.values()
            for (label, _), o in own.items()
        )
    ]
    columns = legend_columns([one.label for one in variants])
    foot = notes_height(notes, WIDTH)
    legend = 0.15 * -(-len(variants) // max(columns, 1)) + 0.06
    height = 0.28 + 1.9 + 0.38 + legend + foot
    figure = new_figure(WIDTH, height)
    count = len(seen)
    panels = figure.subplots(1, 3, squeeze=False)[0]
    figure.subplots_adjust(
        left=0.52 / WIDTH,
        right=1 - 0.06 / WIDTH,
        bottom=(0.38 + legend + foot) / height,
        top=1 - 0.28 / height,
        wspace=0.36,
    )
    for axes in panels[count:]:
        axes.set_axis_off()
    for place_number, (axes, (place, own)) in enumerate(zip(panels, seen.items(), strict=False)):
        title = dataset_title(place.dataset, outcomes)
        reference = next((o.reference for o in own.values() if o.reference is not None), None)
        if reference is not None and place.quantity != "volume":
            unit = "eV" if place.quantity == "barrier" else "Å"
            title += f" (reference {reference:.3g} {unit})"
        panel_title(axes, place_number, title)
        _draw_panel(axes, place, own, variants, outcomes.sizes(place.dataset))
    variant_legend(figure, [(one, one.label) for one in variants], foot + 0.02, max(columns, 1))
    print_footnotes(figure, notes)
    return figure


def _draw_panel(
    axes: Axes,
    place: Place,
    own: dict[tuple[str, int | None], Observed],
    variants: Sequence[Variant],
    sizes: Sequence[int],
) -> None:
    columns: list[int | None] = [*sizes]
    if any(not one.trained and (one.label, None) in own for one in variants):
        columns.append(None)
    step = 0.75 / max(len(variants), 2)
    for index, variant in enumerate(variants):
        shift = (index - (len(variants) - 1) / 2) * step
        style = style_of(variant)
        places = [(x + shift, own.get((variant.label, n))) for x, n in enumerate(columns)]
        found = [(at, one) for at, one in places if one is not None]
        known = [(at, one) for at, one in found if one.reading.value is not None]
        color = style["color"]
        draw_bars(axes, [at for at, _ in known], [one.reading for _, one in known], color)
        # The paper's open circle.
        hollow = {"color": color, "marker": "o", "markerfacecolor": "white"}
        for shape, is_open in ((style, False), (hollow, True)):
            points = [(at, one.reading.value or 0.0) for at, one in known if one.open is is_open]
            x, y = [at for at, _ in points], [value for _, value in points]
            axes.plot(x, y, ls="", ms=4.2, mew=0.9, zorder=3, **shape)
        draw_crosses(axes, [at for at, one in found if _tried(one.reading)], color)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    labels = ["as given" if n is None else str(n) for n in columns]
    axes.set_xticks(range(len(columns)), labels)
    marks = thresholds_of(one.reading for one in own.values())
    signed = place.quantity != "lattice_constant"
    draw_thresholds(axes, marks, signed=signed)
    axes.axhline(0, color=MUTED, lw=0.7)
    _scale(axes, own, max(marks, default=0.0), signed=signed)
    label_axes(axes, "training frames", _LABELS[place.quantity], 0.33)
    tidy(axes, "y")
    axes.tick_params(which="both", labelsize=SMALL, length=2, pad=1.5)


def _tried(reading: Reading) -> bool:
    return reading.value is None and reading.sign != NOT_RUN


def _scale(
    axes: Axes,
    own: dict[tuple[str, int | None], Observed],
    mark: float,
    *,
    signed: bool,
) -> None:
    from matplotlib.ticker import FuncFormatter

    ends = [0.0, mark, -mark if signed else 0.0]
    for one in own.values():
        if one.reading.value is not None:
            ends += [one.reading.value, *(one.reading.interval or ())]
    ends = [end for end in ends if math.isfinite(end)]
    low, high = min(ends), max(ends)
    if mark and max(high, -low) > _TALL * mark:
        # The scale stays linear up to the threshold: a collapsed cell would hide all others.
        axes.set_yscale("symlog", linthresh=mark, linscale=1.0)
        axes.set_ylim(2.0 * low if low < 0 else -0.15 * mark, 2.0 * high)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    pad = 0.08 * (high - low or 1.0)
    axes.set_ylim(low - pad, high + pad)
