"""Figure 2 (errors), Figure 4 (cells of another size) and Figure 6 (other frameworks)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ms25_suite.campaign.paper.figures.heatmap import HeatPanel, draw_heatmap
from ms25_suite.campaign.paper.figures.sheet import Sheet, row_of, set_suffix, set_words
from ms25_suite.campaign.paper.figures.style import dataset_title, footnotes
from ms25_suite.campaign.paper.figures.thresholds import threshold_note
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, Place
from ms25_suite.campaign.paper.rates import error_place
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.error_thresholds import CRITERION as ERRORS
from ms25_suite.criteria.framework_transfer import CRITERION as FRAMEWORKS
from ms25_suite.criteria.size_extensivity import CRITERION as SIZES

__all__ = ["FEW", "error_sheet", "few_frames", "framework_sheet", "size_sheet"]

FEW: Final = 100
"""Training frames of the paper's Figure 2a."""

_PAIRS: Final = (("mgo-2x2", "mgo-4x4"), ("water-64", "water-192"))
"""Cells of two sizes, in the paper's Figure 4."""


def few_frames(outcomes: Outcomes) -> int | None:
    """Number of training frames of Figure 2a: that of the paper, else the smallest there is."""
    sizes = sorted({n for name in outcomes.datasets for n in outcomes.sizes(name)})
    return FEW if FEW in sizes else (sizes[0] if sizes else None)


def error_sheet(outcomes: Outcomes, number: int) -> Sheet | None:
    """Figure 2 of a set: errors at few frames, and at the largest number of each dataset."""
    names = outcomes.datasets
    # Without any number there are the reasons why.
    quantities = _quantities(outcomes, ERRORS.name, names) or ["energy", "forces"]
    if not names or not outcomes.variants:
        return None
    few = few_frames(outcomes)
    largest = {name: max(outcomes.sizes(name), default=None) for name in names}
    panels, rows = [], []
    sizes = [dict.fromkeys(names, few), largest]
    for letter, chosen in zip("ab", sizes, strict=True):
        distinct = sorted({n for n in chosen.values() if n is not None})
        # Two panels of the same numbers say nothing more.
        if letter == "b" and distinct in ([few], []):
            continue
        one = len(distinct) == 1
        title = f"{distinct[0]} training frames" if one else "largest number of training frames"
        title = title if distinct else "potentials as given"
        labels = [
            dataset_title(name, outcomes)
            + ("" if one or chosen[name] is None else f", {chosen[name]}")
            for name in names
        ]
        places = [
            (error_place(name, quantity), chosen[name]) for name in names for quantity in quantities
        ]
        panel, own = _panel(outcomes, "2", letter, title, labels, places, quantities, number)
        panels.append(panel)
        rows += own
    readings = [one for panel in panels for one in panel.shown.values()]
    notes = footnotes(
        outcomes, names, readings, _sets_note(outcomes, number), threshold_note(readings)
    )
    caption = (
        f"Mean absolute errors on test frames, {set_words(number)}: "
        f"{' and '.join(panel.title for panel in panels)}. One logarithmic scale for all units, "
        "as in the paper's Figure 2."
    )
    return Sheet(
        f"figure-2{set_suffix(number)}",
        f"Figure 2, {set_words(number)}: errors",
        caption,
        f"Heatmap of errors: {len(names)} datasets by {len(outcomes.variants)} potentials.",
        partial(draw_heatmap, panels, outcomes.variants, quantities, notes),
        rows,
    )


def size_sheet(outcomes: Outcomes, number: int) -> Sheet | None:
    """Figure 4 of a set: cells of another size than those of the training."""
    pairs = [
        (own, test)
        for pair in _PAIRS
        for own in pair
        for test in pair
        if set(pair) & set(outcomes.datasets)
    ]
    return _transfer_sheet(outcomes, number, "4", SIZES.name, pairs, "cells of another size")


def framework_sheet(outcomes: Outcomes, number: int) -> Sheet | None:
    """Figure 6 of a set: other frameworks than that of the training."""
    pairs = []
    for own in outcomes.datasets:
        others = [test for test in outcomes.tested(FRAMEWORKS.name, own) if test != own]
        pairs += [(own, test) for test in (own, *others) if others]
    return _transfer_sheet(outcomes, number, "6", FRAMEWORKS.name, pairs, "other frameworks")


def _transfer_sheet(
    outcomes: Outcomes,
    number: int,
    figure: str,
    criterion: str,
    pairs: Sequence[tuple[str, str]],
    words: str,
) -> Sheet | None:
    known = [pair for pair in pairs if pair[0] in outcomes.datasets]
    # Rows of errors on a potential's own frames alone are those of Figure 2.
    if not any(outcomes.tested(criterion, own) for own, _ in known):
        return None
    quantities = _quantities(outcomes, criterion, [own for own, _ in known])
    if not quantities:
        return None
    sizes = {own: max(outcomes.sizes(own), default=None) for own, _ in pairs}
    distinct = {n for n in sizes.values() if n is not None}
    one = len(distinct) == 1
    labels = [
        f"{dataset_title(own)}{'' if one or not sizes[own] else f' ({sizes[own]})'} → "
        f"{dataset_title(test, outcomes)}"
        for own, test in pairs
    ]
    places = [
        (Place(criterion, quantity, "mae", own, test), sizes[own])
        for own, test in pairs
        for quantity in quantities
    ]
    title = "trained on → tested on" + (
        f", {distinct.pop()} training frames" if one else " (largest number of training frames)"
    )
    panel, rows = _panel(outcomes, figure, "", title, labels, places, quantities, number)
    notes = footnotes(
        outcomes,
        [test for _, test in pairs],
        panel.shown.values(),
        _sets_note(outcomes, number),
        threshold_note(panel.shown.values()),
    )
    caption = (
        f"Mean absolute errors on {words}, {set_words(number)}, as in the paper's Figure {figure}; "
        "rows that name one dataset twice are errors on its own test frames."
    )
    return Sheet(
        f"figure-{figure}{set_suffix(number)}",
        f"Figure {figure}, {set_words(number)}: {words}",
        caption,
        f"Heatmap of errors on {words}: {len(pairs)} pairs of datasets.",
        partial(draw_heatmap, [panel], outcomes.variants, quantities, notes),
        rows,
    )


def _panel(
    outcomes: Outcomes,
    figure: str,
    letter: str,
    title: str,
    labels: Sequence[str],
    places: Sequence[tuple[Place, int | None]],
    quantities: Sequence[str],
    number: int,
) -> tuple[HeatPanel, list[dict[str, object]]]:
    shown: dict[tuple[int, str, str], Reading] = {}
    rows = []
    for index, (place, n) in enumerate(places):
        for variant in outcomes.variants:
            reading = outcomes.reading(place, variant, n, number)
            if reading.value is None and place.dataset == place.test:
                # The error on its own test frames may be known from the other criterion.
                own = outcomes.reading(replace(place, criterion=ERRORS.name), variant, n, number)
                reading = own if own.value is not None else reading
            shown[index // len(quantities), place.quantity, variant.label] = reading
            rows.append(row_of(figure, place, variant, n, number, reading, panel=letter))
    return HeatPanel(title, labels, shown), rows


def _quantities(outcomes: Outcomes, criterion: str, datasets: Sequence[str]) -> list[str]:
    found = {name for one in datasets for name in outcomes.quantities(criterion, one)}
    return [name for name in QUANTITY_UNITS if name in found]


def _sets_note(outcomes: Outcomes, number: int) -> str:
    if number != ALL_SETS:
        return ""
    names = ", ".join(map(str, outcomes.sets))
    return f"Mean of the sets {names}; ± half of their range."
