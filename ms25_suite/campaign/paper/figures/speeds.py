"""Figure 7: speed of each architecture on each dataset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.campaign.paper.figures.marks import draw_bars, draw_crosses
from ms25_suite.campaign.paper.figures.sheet import Sheet, row_of, set_suffix, set_words
from ms25_suite.campaign.paper.figures.style import (
    SMALL,
    TEXT,
    WIDTH,
    dataset_title,
    footnotes,
    label_axes,
    legend_columns,
    notes_height,
    print_footnotes,
    style_of,
    variant_legend,
)
from ms25_suite.campaign.paper.figures.thresholds import draw_thresholds, thresholds_of
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, Place
from ms25_suite.campaign.paper.readings import NOT_RUN, Reading
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.details import details_of
from ms25_suite.criteria.throughput import CRITERION as SPEED
from ms25_suite.criteria.throughput.details import SPEED_KEY, ThroughputDetails
from ms25_suite.report.figures.axes import logarithmic, tidy
from ms25_suite.report.figures.canvas import new_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

__all__ = ["speed_place", "speed_reading", "speed_sheet"]

_PANEL: Final = 2.1


def speed_place(dataset: str) -> Place:
    """Place of the speed on a dataset."""
    return Place(SPEED.name, SPEED.main, "measurement", dataset, dataset)


def speed_reading(
    outcomes: Outcomes, dataset: str, variant: Variant, number: int
) -> tuple[int | None, Reading]:
    """Speed of the potential with the most training frames that was timed, and that number.

    The cost of a step does not depend on how many frames a potential has seen, and the paper timed
    those of 1000 frames.
    """
    place = speed_place(dataset)
    sizes: list[int | None] = [*reversed(outcomes.sizes(dataset))] if variant.trained else [None]
    found = [(n, outcomes.reading(place, variant, n, number)) for n in sizes]
    timed = [(n, one) for n, one in found if one.value is not None]
    tried = [(n, one) for n, one in found if one.results]
    return (timed or tried or found or [(None, Reading(None, sign=NOT_RUN, reason="not run"))])[0]


def speed_sheet(outcomes: Outcomes, number: int) -> Sheet | None:
    """Figure 7 of a set; None if nothing was timed."""
    shown: dict[tuple[str, str], Reading] = {}
    rows: list[dict[str, Any]] = []
    for name in outcomes.datasets:
        for variant in outcomes.variants:
            n, reading = speed_reading(outcomes, name, variant, number)
            shown[name, variant.label] = reading
            rows.append(row_of("7", speed_place(name), variant, n, number, reading))
    readings = list(shown.values())
    # Timings that are too noisy for a number are shown as such.
    if not any(one.results for one in readings):
        return None
    hardware = _hardware(readings)
    tried = any(one.value is None and one.sign != NOT_RUN for one in readings)
    notes = footnotes(
        outcomes,
        outcomes.datasets,
        readings,
        f"In LAMMPS on {'; '.join(hardware)}. The paper: A100 GPUs, MTP on a CPU.",
        "Crosses at the lower edge: tried, no number." if tried else "",
        "Bars: range of the sets." if number == ALL_SETS else "Bars: 95 % intervals.",
        "Dotted: threshold of the run." if thresholds_of(readings) else "",
    )
    return Sheet(
        f"figure-7{set_suffix(number)}",
        f"Figure 7, {set_words(number)}: speed",
        f"Thousands of atom-steps per second of molecular dynamics in LAMMPS, {set_words(number)}, "
        "of the potential with the most training frames that was timed.",
        "Speed of each architecture on each dataset.",
        partial(_draw, outcomes, shown, notes),
        rows,
    )


def _hardware(readings: Sequence[Reading]) -> list[str]:
    found = [
        details_of(result, SPEED_KEY, ThroughputDetails)
        for one in readings
        for result in one.results
    ]
    return list(dict.fromkeys(one.hardware for one in found if one is not None)) or ["not recorded"]


def _draw(
    outcomes: Outcomes, shown: Mapping[tuple[str, str], Reading], notes: Sequence[str]
) -> Figure:
    names, variants = outcomes.datasets, outcomes.variants
    columns = legend_columns([one.label for one in variants])
    foot = notes_height(notes, WIDTH)
    legend = 0.15 * -(-len(variants) // columns) + 0.06
    height = 0.08 + _PANEL + 0.26 + legend + foot
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes(
        (0.55 / WIDTH, (0.26 + legend + foot) / height, (WIDTH - 0.63) / WIDTH, _PANEL / height)
    )
    step = 0.75 / max(len(variants), 2)
    ends: list[float] = []
    for index, variant in enumerate(variants):
        style = style_of(variant)
        shift = (index - (len(variants) - 1) / 2) * step
        found = [(x + shift, shown[name, variant.label]) for x, name in enumerate(names)]
        known = [(at, one) for at, one in found if one.value is not None]
        ends += [end for _, one in known for end in (one.value or 0.0, *(one.interval or ()))]
        places, color = [at for at, _ in known], style["color"]
        draw_bars(axes, places, [one for _, one in known], color, 1.2)
        axes.plot(places, [one.value or 0.0 for _, one in known], ls="", ms=4.5, **style)
        tried = [at for at, one in found if one.value is None and one.sign != NOT_RUN]
        draw_crosses(axes, tried, color)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), [dataset_title(name, outcomes) for name in names])
    marks = thresholds_of(shown.values())
    draw_thresholds(axes, marks)
    logarithmic(axes, "y", [end for end in [*ends, *marks] if end > 0] or [1.0, 100.0])
    label_axes(axes, "", "speed (kAtoms/s)", 0.33)
    tidy(axes, "y")
    axes.tick_params(which="both", labelsize=SMALL + 0.5, length=2, pad=2)
    axes.tick_params(axis="x", labelsize=TEXT)
    variant_legend(figure, [(one, one.label) for one in variants], foot + 0.02, columns)
    print_footnotes(figure, notes)
    return figure
