"""The numbers that a figure shows, as rows of a table: they are noted where they are drawn."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary, ref

from ms25_suite.core.results import CheckResult
from ms25_suite.core.text.shown import encodable
from ms25_suite.report.figures.canvas import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


__all__ = ["COLUMNS", "THRESHOLD", "csv_bytes", "draw_threshold", "note_numbers", "numbers_of"]

COLUMNS: Final = (
    "panel",
    "series",
    "dataset",
    "tested_on",
    "potential",
    "architecture",
    "quantity",
    "frame",
    "x_name",
    "x",
    "x_unit",
    "value",
    "low",
    "high",
    "unit",
    "threshold",
    "verdict",
    "stand_in",
    "reason",
)
"""Columns of the file of a figure."""

Values: TypeAlias = "Sequence[Any] | NDArray[Any]"

THRESHOLD: Final = "threshold"
"""Name of the series of the lines at thresholds."""


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """Numbers of a panel that have most columns in common."""

    axes: ref[Axes]
    shared: Mapping[str, Any]
    values: Values
    x: Values
    intervals: Sequence[tuple[float, float] | None]
    frames: Values

    def rows(self) -> Iterator[dict[str, Any]]:
        axes = self.axes()
        # Titles may be set after the numbers were noted.
        shared = {"panel": "" if axes is None else _title(axes)} | dict(self.shared)
        for index, value in enumerate(self.values):
            row = shared | {"value": value}
            if len(self.x):
                row["x"] = self.x[index]
            if len(self.intervals) and (interval := self.intervals[index]) is not None:
                row["low"], row["high"] = interval
            if len(self.frames):
                row["frame"] = self.frames[index]
            yield row


_NOTED: WeakKeyDictionary[Figure, list[_Series]] = WeakKeyDictionary()


def note_numbers(
    axes: Axes,
    values: Values,
    *,
    x: Values = (),
    intervals: Sequence[tuple[float, float] | None] = (),
    frames: Values = (),
    result: CheckResult | None = None,
    **columns: Any,
) -> None:
    """Note numbers of a panel for the file of its figure.

    Parameters
    ----------
    axes
        The panel.
    values
        Numbers; None or NaN where there is none.
    x
        What each stands at: numbers or names.
    intervals
        Interval of each.
    frames
        Index of the frame of each in its dataset.
    result
        Result that they are behind: its potential, datasets, quantity, unit, threshold, verdict.
    columns
        Further columns of `COLUMNS`, the same for all numbers; they go before those of the result.

    Raises
    ------
    TypeError
        There is no such column.
    """
    shared = ({} if result is None else _columns_of(result)) | columns
    unknown = set(shared) - set(COLUMNS)
    if unknown:
        msg = f"expected columns among {', '.join(COLUMNS)}, found {', '.join(sorted(unknown))}"
        raise TypeError(msg)
    # A strong reference would keep the figure, and so this entry, for ever.
    series = _Series(ref(axes), shared, values, x, intervals, frames)
    _NOTED.setdefault(_figure_of(axes), []).append(series)


def draw_threshold(
    axes: Axes, value: float, *, upright: bool = False, label: str = "", **columns: Any
) -> None:
    """Draw the dotted line of a threshold across a panel, and note it.

    Parameters
    ----------
    axes
        The panel.
    value
        Where it stands.
    upright
        Whether it is a threshold of what is on the x axis.
    label
        Its name in a legend.
    columns
        As for `note_numbers`.
    """
    draw = axes.axvline if upright else axes.axhline
    draw(value, color=MUTED, lw=0.9, ls=":", label=label or None)
    note_numbers(axes, [value], series=THRESHOLD, **columns)


def numbers_of(figure: Figure) -> Iterator[dict[str, Any]]:
    """Rows of all numbers of a figure.

    Of a figure whose numbers were not noted, such as one of another package, the points of its
    lines and symbols are taken, with the names that legend and axes give them.
    """
    noted = _NOTED.get(figure)
    if noted is None:
        for axes in figure.axes:
            yield from _drawn(axes)
    else:
        for series in noted:
            yield from series.rows()


def csv_bytes(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> bytes:
    """Table in UTF-8 with one line for each row."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return encodable(buffer.getvalue()).encode()


def _columns_of(result: CheckResult) -> dict[str, Any]:
    return {
        "dataset": result.dataset,
        "tested_on": result.test_dataset,
        "potential": result.potential,
        "architecture": result.architecture,
        "quantity": result.quantity,
        "unit": result.unit,
        "threshold": result.threshold,
        "verdict": "" if result.verdict is None else result.verdict.value,
        "stand_in": result.stand_in,
    }


def _figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _title(axes: Axes) -> str:
    titles = (axes.get_title(loc) for loc in ("center", "left"))
    return " ".join(next(filter(None, titles), "").split())


def _drawn(axes: Axes) -> Iterator[dict[str, Any]]:
    from matplotlib.collections import PathCollection

    names = {"panel": _title(axes), "x_name": axes.get_xlabel(), "quantity": axes.get_ylabel()}
    # Lines across the panel have places in parts of it, which are no numbers.
    series: list[tuple[str, Any]] = [
        (str(one.get_label()), one.get_xydata())
        for one in axes.lines
        if one.get_transform() == axes.transData
    ]
    series += [
        (str(one.get_label()), one.get_offsets())
        for one in axes.collections
        if isinstance(one, PathCollection) and one.get_offset_transform() == axes.transData
    ]
    for label, points in series:
        for x, y in points:
            # What matplotlib names itself begins so.
            yield names | {"series": "" if label.startswith("_") else label, "x": x, "value": y}


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        # Rounding of the last digits, such as that of a change of units, is no number.
        return "" if math.isnan(value) else f"{value:.12g}"
    # A reason may have several lines, and a row has one.
    return " ".join(value.split()) if isinstance(value, str) else value
