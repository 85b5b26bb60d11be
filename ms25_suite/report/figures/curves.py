"""Training curves: what trainers log over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ms25_suite.core.records import RunRecord
from ms25_suite.report.figures.axes import panels, set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.numbers import note_numbers
from ms25_suite.report.figures.palette import color_of
from ms25_suite.report.section import Block, Drawing, Section
from ms25_suite.report.wording import in_mev, pretty_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curve_series", "draw_curves", "training_section"]

_PER_ROW = 4


def training_section(run: RunRecord) -> Section | None:
    """Section of the report with a figure for each potential that has a training curve."""
    blocks = []
    for item in run.potentials:
        epochs, series = curve_series(item.training_curve or {})
        if series:
            figure = draw_curves(item.name, epochs, series, item.training_units or {})
            alt = f"Training curves of {item.name}: {', '.join(series)}."
            blocks.append(Block(item.name, drawing=Drawing(figure, alt, many_points=True)))
    return Section(tuple(blocks)) if blocks else None


def curve_series(curve: Mapping[str, Any]) -> tuple[list[float], dict[str, list[float]]]:
    """Epochs and the series over them; lists of another length or content are left out.

    Missing and infinite numbers become NaN, which is drawn as a gap.
    """
    named = {str(key): _numbers(value) for key, value in curve.items()}
    lists = {key: value for key, value in named.items() if value}
    epochs = lists.pop("epoch", [])
    if not epochs and lists:
        epochs = [float(n) for n in range(1, max(map(len, lists.values())) + 1)]
    same = {key: value for key, value in lists.items() if len(value) == len(epochs)}
    return epochs, {
        key: value for key, value in same.items() if any(math.isfinite(x) for x in value)
    }


def draw_curves(
    potential: str,
    epochs: Sequence[float],
    series: Mapping[str, Sequence[float]],
    units: Mapping[str, Any],
) -> Figure:
    """Small panels, one per series; logarithmic where every number is positive.

    Trainers log in eV; shown is meV, as everywhere in the report.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    rows, columns = panels(len(series), per_row=_PER_ROW)
    figure = new_figure(0.3 + 2.5 * columns, 2.0 * rows)
    set_margins(figure, left=0.6, right=0.1, between=(0.38, 0.65))
    for number, (name, logged) in enumerate(series.items(), start=1):
        axes = figure.add_subplot(rows, columns, number)
        unit, scale = in_mev(str(units.get(name, "")))
        values = [scale * value for value in logged]
        finite = [x for x in values if math.isfinite(x)]
        marker = "." if len(finite) < 40 else ""
        axes.plot(epochs, values, color=color_of(potential), lw=1.2, marker=marker)
        words = name.replace("_", " ")
        of: dict[str, Any] = {
            "potential": potential,
            "series": "training",
            "quantity": words,
            "unit": unit,
        }
        note_numbers(axes, values, x=epochs, x_name="epoch", **of)
        # Losses fall over decades; learning rates and the like may be constant.
        if all(x > 0 for x in finite) and max(finite) > 3 * min(finite):
            axes.set_yscale("log")
            wide = max(finite) > 300 * min(finite)
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
        title = f"{words} ({pretty_unit(unit)})" if unit else words
        axes.set_title(title, fontsize=8.5, parse_math=False)
        axes.set_xlabel("epoch", fontsize=8)
        tidy(axes)
    return figure


def _numbers(value: Any) -> list[float]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    numbers: list[float] = []
    for item in value:
        if item is None:
            numbers.append(math.nan)
        elif isinstance(item, int | float) and not isinstance(item, bool):
            numbers.append(float(item) if math.isfinite(item) else math.nan)
        else:
            return []
    return numbers
