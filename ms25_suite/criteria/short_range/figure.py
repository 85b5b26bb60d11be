"""Figures of the short range: a panel for each pair of elements, and the compressed frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.details import with_gaps
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.short_range import CRITERION
from ms25_suite.criteria.short_range.details import KEY, ScanCurve, ShortRangeDetails
from ms25_suite.report.figures.axes import panels, set_margins, tidy
from ms25_suite.report.figures.canvas import INK, MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.observables import Drawn, observable_section
from ms25_suite.report.figures.palette import line_of, style_of
from ms25_suite.report.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_scans", "section"]

_SHOWN_EV: Final = (-30.0, 300.0)

_NOTE: Final = (
    "wall: the work to push the closest two atoms of each pair of elements together in a test "
    "frame, from where they are; the dotted line is the threshold. hole: the same pairs in vacuum; "
    "the dotted line is the threshold below separated atoms (it counts from the bond where that is "
    "lower). compression: a test frame; the dotted line is the threshold below its start. Black: "
    "the repulsion of the screened nuclei (Ziegler, Biersack and Littmark), a scale and no "
    "reference. The energies are drawn on a scale that is linear up to "
    "1 eV (10 meV/atom) and logarithmic beyond, from -30 to 300 eV. "
    "wall_at_1_ev (-m short_range): the curves of wall, beside those of the reference calculator."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no scan is known."""
    del run
    return observable_section(results, CRITERION.name, KEY, ShortRangeDetails, draw_scans, _NOTE)


def draw_scans(results: Drawn[ShortRangeDetails]) -> Figure | None:
    """A panel for each pair of elements with the curves of all potentials; None without a curve."""
    quantity = results[0][0].quantity
    names = list(dict.fromkeys(curve.name for _, details in results for curve in details.curves))
    if quantity == "compression":
        # Frames of potentials may differ, and share a panel.
        names = names[:1]
    if not names:
        return None
    rows, columns = panels(len(names))
    columns = min(columns, len(names))
    # The screened nuclei, and a reference.
    legend = ROW * (len(results) + 2)
    figure = new_figure(max(2.5 * columns + 0.6, 4.4), 1.9 * rows + 0.7 + legend)
    grid = figure.subplots(rows, columns, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(names):
            axes.set_visible(False)
            continue
        _draw_panel(axes, results, names[place], quantity)
        if place % columns == 0:
            unit = "meV/atom" if quantity == "compression" else "eV"
            axes.set_ylabel(f"energy ({unit})", fontsize=8)
        if place + columns >= len(names):
            what = "volume (part of the frame's)" if quantity == "compression" else "distance (Å)"
            axes.set_xlabel(what, fontsize=8)
    set_margins(figure, left=0.7, bottom=0.42 + legend, top=0.25, between=(0.3, 0.42))
    legend_below(figure, *grid.flat[0].get_legend_handles_labels())
    return figure


def _draw_panel(axes: Axes, results: Drawn[ShortRangeDetails], name: str, quantity: str) -> None:
    compression = quantity == "compression"
    axes.set_title(name, fontsize=8.5)
    axes.axhline(0, color=MUTED, lw=0.8)
    repulsion = reference = False
    for result, details in results:
        curve = _curve(details, name, compression)
        style = line_of(result.potential) | {"marker": style_of(result.potential)["marker"]}
        style |= {"ms": 2.6, "lw": 1.1, "label": legend_label(result.potential)}
        if curve is None:
            axes.plot([], [], **style)
            continue
        scale = 1000.0 if compression else 1.0
        energies = [scale * energy for energy in with_gaps(curve.energies)]
        axes.plot(curve.where, energies, **style)
        unit = "meV/atom" if compression else "eV"
        where: dict[str, Any] = {
            "x": curve.where,
            "x_name": "volume" if compression else "distance",
        }
        where |= {"x_unit": "1" if compression else "Å", "quantity": "energy", "unit": unit}
        of: dict[str, Any] = {"threshold": None, "verdict": "", "series": quantity}
        note_numbers(axes, energies, result=result, **where, **of)
        data: dict[str, Any] = {"dataset": result.dataset, "tested_on": result.test_dataset}
        if curve.repulsion is not None and not repulsion:
            axes.plot(curve.where, curve.repulsion, color=INK, lw=0.8, label="screened nuclei")
            note_numbers(axes, curve.repulsion, series="screened nuclei", **where, **data)
            repulsion = True
        if curve.reference is not None and not reference:
            energies = with_gaps(curve.reference)
            note_numbers(axes, energies, series="reference", **where, **data)
            axes.plot(
                curve.where,
                energies,
                color=INK,
                lw=1.0,
                ls="--",
                label="reference",
            )
            reference = True
    # A wall rises to its threshold; a hole and the fall of a compressed frame are below zero.
    sign = {"wall": 1.0, "hole": -1.0, "compression": -1.0}.get(quantity, 0.0)
    for mark in sorted({one.threshold for one, _ in results if one.threshold is not None}):
        if sign:
            unit = results[0][0].unit
            draw_threshold(axes, sign * mark, quantity=quantity, unit=unit)
    _scale(axes, compression)
    tidy(axes)


def _curve(details: ShortRangeDetails, name: str, first: bool) -> ScanCurve | None:
    if first:
        return details.curves[0] if details.curves else None
    return next((curve for curve in details.curves if curve.name == name), None)


def _scale(axes: Axes, compression: bool) -> None:
    """Walls of references are 1000 times as high as those of trained potentials."""
    from matplotlib.ticker import FuncFormatter, NullFormatter, SymmetricalLogLocator

    linear = 10.0 if compression else 1.0
    axes.set_yscale("symlog", linthresh=linear)
    if not compression:
        # Beyond lies the core, which references and polynomials describe by millions of eV.
        axes.set_ylim(*_SHOWN_EV)
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=linear))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if compression:
        axes.invert_xaxis()
