"""Figures of reaction paths, as in the paper's Figure 5b."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.details import with_gaps
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.neb_barrier import CRITERION
from ms25_suite.criteria.neb_barrier.details import KEY, NebDetails
from ms25_suite.report.comparisons import marked
from ms25_suite.report.figures.axes import set_margins, tidy
from ms25_suite.report.figures.canvas import INK, MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Section
from ms25_suite.report.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_paths", "section"]

_PATH: Final[dict[str, Any]] = {
    "quantity": "energy above the initial state",
    "unit": "eV",
    "x_name": "length of the path",
    "x_unit": "Å",
}

_NOTE: Final = (
    "Each point is an image of the path. Open circles: the band was not converged within its "
    "steps, so its highest point is not a barrier. Dotted lines: the barrier of the reference, "
    "plus and minus the threshold."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no path is known."""
    del run
    return observable_section(results, CRITERION.name, KEY, NebDetails, draw_paths, _NOTE)


def draw_paths(results: Drawn[NebDetails]) -> Figure | None:
    """Energy along the path, for the reference and for each potential."""
    figure = new_figure(5.4, 3.2 + ROW * len(results))
    axes = figure.subplots()
    axes.set_xlabel("length of the path (Å)", fontsize=8)
    axes.set_ylabel("energy above the initial state (eV)", fontsize=8)
    axes.axhline(0, color=MUTED, lw=0.8)
    # All potentials start from the path of one dataset.
    _draw_reference(axes, *results[0])
    for mark in sorted({one.threshold for one, _ in results if one.threshold is not None}):
        for sign in (-1, 1):
            limit = results[0][1].reference.barrier + sign * mark
            draw_threshold(axes, limit, quantity="barrier", unit="eV")
    for result, details in results:
        _draw_path(axes, result, details)
    tidy(axes)
    set_margins(figure, top=0.12, bottom=0.5 + ROW * (len(results) + 1))
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure


def _draw_reference(axes: Axes, result: CheckResult, details: NebDetails) -> None:
    """Path of the reference, or a line at its barrier if only that is known."""
    reference = details.reference
    of: dict[str, Any] = {
        "dataset": result.dataset,
        "tested_on": result.test_dataset,
        "series": "reference",
    }
    label = f"reference, barrier {number(reference.barrier)} eV"
    if reference.lengths and reference.energies:
        lengths, energies = with_gaps(reference.lengths), with_gaps(reference.energies)
        axes.plot(lengths, energies, "o-", color=INK, ms=4, lw=1.1, label=label)
        note_numbers(axes, energies, x=lengths, **_PATH, **of)
    else:
        axes.axhline(reference.barrier, color=INK, lw=1.0, label=label)
    note_numbers(axes, [reference.barrier], quantity="barrier", unit="eV", **of)


def _draw_path(axes: Axes, result: CheckResult, details: NebDetails) -> None:
    style = style_of(result.potential)
    potential = marked(result.potential, result)
    if not details.lengths or not details.energies:
        axes.plot([], [], ls="", label=legend_label(potential, "no band"), **style)
        return
    words = "" if details.barrier is None else f"barrier {number(details.barrier)} eV"
    if details.climb is False:
        words += ", no climbing"
    elif details.without_climbing is not None:
        words += f" ({number(details.without_climbing.barrier)} without climbing)"
    if not details.converged:
        words += f"{', ' if words else ''}not converged"
        # The paper's open circle.
        style |= {"marker": "o", "markerfacecolor": "white"}
    lengths, energies = with_gaps(details.lengths), with_gaps(details.energies)
    remark = "" if details.converged else "not converged"
    of: dict[str, Any] = {"result": result, "series": "predicted", "reason": remark}
    shown: dict[str, Any] = {"threshold": None, "verdict": ""} | _PATH
    note_numbers(axes, energies, x=lengths, **shown, **of)
    barrier: dict[str, Any] = {"quantity": "barrier", "unit": "eV", "threshold": None}
    note_numbers(axes, [details.barrier], **barrier, **of)
    axes.plot(
        lengths,
        energies,
        ms=4.5,
        lw=1.1,
        ls="--" if details.converged else ":",
        label=legend_label(potential, words),
        **style,
    )
