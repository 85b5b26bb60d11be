"""Figure of the errors by the distance to the frames of the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from ms25_suite.core.details import DistanceBinDetails, DistanceDetails, details_of
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.axes import logarithmic, set_margins, tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.palette import MARKERS, line_of, style_of
from ms25_suite.report.section import Block, Drawing
from ms25_suite.report.wording import pretty_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["KEY", "distance_blocks", "draw_distances"]

KEY: Final = "by_distance"

_NOTE: Final = (
    "Each point is a bin of equally many frames: their median distance and mean absolute error; "
    "the intervals of a line hold together at 95 %. The distance is that of the environments of "
    "the atoms from the nearest ones of the same element in the training, in Å of a random "
    "displacement of all atoms. Open symbols: frames of other datasets, where a transfer "
    "was asked for. Dotted: the threshold. An error that grows along a line says how the potential "
    "leaves its training; one that is small only at the left is that of near-duplicates."
)

Known: TypeAlias = Sequence[tuple[CheckResult, DistanceDetails]]
"""Results of one dataset, and the errors by distance behind them."""


def distance_blocks(results: Sequence[CheckResult]) -> tuple[Block, ...]:
    """A figure for each dataset of whose potentials the training is known."""
    by_dataset: dict[str, list[tuple[CheckResult, DistanceDetails]]] = {}
    for result in results:
        details = details_of(result, KEY, DistanceDetails)
        if details is not None and any(_placed(details)):
            by_dataset.setdefault(result.dataset, []).append((result, details))
    return tuple(
        Block(
            f"{dataset}, by the distance to the training",
            any(result.stand_in for result, _ in known),
            Drawing(draw_distances(known), _alt(dataset, known)),
            note=_NOTE,
        )
        for dataset, known in by_dataset.items()
    )


def draw_distances(known: Known) -> Figure:
    """A panel for each quantity; a line for each potential and dataset that it was tested on."""
    quantities = list(dict.fromkeys(result.quantity for result, _ in known))
    potentials = list(dict.fromkeys(result.potential for result, _ in known))
    tested = list(dict.fromkeys(result.test_dataset or result.dataset for result, _ in known))
    rows = len(potentials) + (len(tested) if len(tested) > 1 else 0)
    figure = new_figure(0.5 + 2.5 * max(len(quantities), 2), 2.6 + ROW * rows)
    panels = figure.subplots(1, max(len(quantities), 2), squeeze=False)[0]
    for axes in panels[len(quantities) :]:
        axes.set_visible(False)
    for axes, quantity in zip(panels, quantities, strict=False):
        own = [(result, details) for result, details in known if result.quantity == quantity]
        for result, details in own:
            where = result.test_dataset or result.dataset
            away = where != result.dataset
            bins = _placed(details)
            style = line_of(result.potential)
            values = [one.mae for one in bins]
            ends = [one.interval or (one.mae, one.mae) for one in bins]
            axes.errorbar(
                [one.middle for one in bins],
                values,
                # Rounding must not make a length negative.
                yerr=[
                    [max(value - low, 0.0) for value, (low, _) in zip(values, ends, strict=True)],
                    [max(high - value, 0.0) for value, (_, high) in zip(values, ends, strict=True)],
                ],
                marker=_marker(result.potential, where, tested),
                ms=4,
                mfc="none" if away else style["color"],
                **style,
                lw=1,
                elinewidth=0.8,
                capsize=2,
            )
            note_numbers(
                axes,
                values,
                x=[one.middle for one in bins],
                intervals=[one.interval for one in bins],
                result=result,
                series=f"tested on {where}",
                x_name="distance to the training",
                x_unit="Å",
                # Of the error on all frames.
                verdict="",
            )
        for mark in sorted({one.threshold for one, _ in own if one.threshold is not None}):
            draw_threshold(axes, mark, quantity=quantity, unit=own[0][0].unit)
        places = [one.middle for _, details in own for one in _placed(details) if one.middle]
        if places and max(places) > 3 * min(places):
            logarithmic(axes, "x", places)
        axes.set_ylim(bottom=0.0)
        axes.set_title(f"{quantity} ({pretty_unit(own[0][0].unit)})", fontsize=8.5)
        axes.set_xlabel("distance (Å)", fontsize=8)
        tidy(axes)
    panels[0].set_ylabel("mean absolute error", fontsize=8)
    set_margins(figure, left=0.6, bottom=0.5 + ROW * rows, between=(0.3, 0.5))
    _legend(figure, potentials, tested if len(tested) > 1 else [])
    return figure


def _legend(figure: Figure, potentials: Sequence[str], tested: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], **line_of(name), marker="" if tested else style_of(name)["marker"])
        for name in potentials
    ]
    handles += [
        Line2D([], [], color=MUTED, ls="", marker=MARKERS[index % len(MARKERS)], mfc="none")
        for index in range(len(tested))
    ]
    labels = [legend_label(name, length=60) for name in potentials]
    legend_below(figure, handles, [*labels, *(f"tested on {name}" for name in tested)])


def _marker(potential: str, where: str, tested: Sequence[str]) -> str:
    """Symbol of the potential, or of the dataset where there are several."""
    if len(tested) > 1:
        return MARKERS[tested.index(where) % len(MARKERS)]
    return str(style_of(potential)["marker"])


def _placed(details: DistanceDetails) -> list[DistanceBinDetails]:
    """Bins at a finite distance."""
    return [one for one in details.bins if one.middle is not None]


def _alt(dataset: str, known: Known) -> str:
    quantities = ", ".join(dict.fromkeys(result.quantity for result, _ in known))
    return f"Errors of {quantities} by the distance to the frames of the training on {dataset}."
