"""Parity plots: predicted against reference, from the arrays behind a result."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ms25_suite.core.errors import ReportError
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.numbers import THRESHOLD, note_numbers
from ms25_suite.report.wording import cell_number, in_mev, plain_number, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Parity", "draw_parities", "panel_box", "panel_range", "read_parity"]

_PANEL: Final = 2.7
_HEXBIN_FROM: Final = 400
_UNITS: Final = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}


@dataclass(frozen=True, slots=True)
class Parity:
    """Numbers of one parity plot.

    Parameters
    ----------
    result
        The result that they are behind.
    reference, predicted
        Shape (n,), finite, in ``unit``.
    unit
        Unit of both: that of the result where it has one, so meV rather than eV.
    n_dropped
        Pairs left out since one of the two is not finite.
    structures
        The worst frames as extended XYZ, the worst first; empty if they were not kept.
    frames
        Index of the frame of each pair in the dataset, shape (n,); None if it is not known.
    """

    result: CheckResult
    reference: NDArray[np.float64]
    predicted: NDArray[np.float64]
    unit: str
    n_dropped: int
    structures: str = ""
    frames: NDArray[np.int64] | None = None


def read_parity(folder: Path, result: CheckResult) -> Parity | None:
    """Read the artifact of a result.

    Returns
    -------
    Parity or None
        None if the result has no artifact, or one that holds something else than a parity.

    Raises
    ------
    ReportError
        The file is missing, unreadable, or its arrays do not belong together.
    """
    if not result.artifact or not result.artifact.endswith(".npz"):
        return None
    path = folder / result.artifact
    shown = result.artifact
    try:
        # Arrays only: a pickle inside could run code.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if not {"reference", "predicted"} <= set(archive.files):
                return None
            reference = np.asarray(archive["reference"], dtype=np.float64)
            predicted = np.asarray(archive["predicted"], dtype=np.float64)
            unit = str(archive["unit"]) if "unit" in archive.files else ""
            kept = str(archive["structures"]) if "structures" in archive.files else ""
            of = np.asarray(archive["frame"], dtype=np.int64) if "frame" in archive.files else None
    except FileNotFoundError as error:
        msg = f"no parity plot: the file {shown} is missing from the report folder"
        raise ReportError(msg) from error
    except (OSError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        msg = f"no parity plot: {shown} cannot be read as an .npz of arrays ({error})"
        raise ReportError(msg) from error
    if reference.ndim != 1 or reference.shape != predicted.shape:
        msg = (
            f"no parity plot: expected `reference` and `predicted` in {shown} to be two arrays of "
            f"one length, found the shapes {reference.shape} and {predicted.shape}"
        )
        raise ReportError(msg)
    if of is not None and of.shape != reference.shape:
        msg = (
            f"no parity plot: expected a `frame` in {shown} for each of the {reference.size} "
            f"numbers, found the shape {of.shape}"
        )
        raise ReportError(msg)
    finite = np.isfinite(reference) & np.isfinite(predicted)
    if not finite.any():
        msg = f"no parity plot: {shown} holds no pair of finite numbers"
        raise ReportError(msg)
    # The numbers beside the plot are in meV: eV on its axes would be read as the same.
    unit, scale = in_mev(unit or _UNITS.get(result.quantity, ""))
    return Parity(
        result,
        scale * reference[finite],
        scale * predicted[finite],
        unit,
        int(np.count_nonzero(~finite)),
        kept,
        None if of is None else of[finite],
    )


def draw_parities(parities: Sequence[Parity]) -> Figure:
    """Square panels side by side, one per result."""
    width, height = _PANEL * len(parities), _PANEL + 0.12
    figure = new_figure(width, height)
    for number, parity in enumerate(parities):
        axes = figure.add_axes(panel_box(number, len(parities)))
        _draw_panel(axes, parity)
        note_numbers(
            axes,
            parity.predicted,
            x=parity.reference,
            frames=() if parity.frames is None else parity.frames,
            result=parity.result,
            series="predicted",
            x_name="reference",
            x_unit=parity.unit,
            unit=parity.unit,
            # Of the mean error, not of a single one.
            threshold=None,
            verdict="",
        )
        _note_error(axes, parity.result)
    return figure


def panel_box(number: int, count: int) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a panel as parts of the figure.

    Parameters
    ----------
    number, count
        Index of the panel, and how many there are.
    """
    width, height = _PANEL * count, _PANEL + 0.12
    return (number * _PANEL + 0.72) / width, 0.48 / height, 1.9 / width, 1.9 / height


def panel_range(parity: Parity) -> tuple[float, float]:
    """Ends of both axes of a panel, in the unit of the parity."""
    origin = _origin(parity.reference)
    low, high = _limits(parity.reference - origin, parity.predicted - origin)
    return low + origin, high + origin


def _note_error(axes: Axes, result: CheckResult) -> None:
    """The mean error in the title, and its threshold."""
    note_numbers(axes, [result.value], result=result, intervals=[result.interval], series="MAE")
    if result.threshold is not None:
        quantity, unit = result.quantity, result.unit
        note_numbers(axes, [result.threshold], series=THRESHOLD, quantity=quantity, unit=unit)


def _draw_panel(axes: Axes, parity: Parity) -> None:
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    origin = _origin(parity.reference)
    reference, predicted = parity.reference - origin, parity.predicted - origin
    # One range for both axes: then the diagonal is where predicted equals reference.
    low, high = _limits(reference, predicted)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.axline((low, low), (high, high), color="#9aa3ad", lw=0.8, zorder=1)
    # Thousands of points would hide each other; a density does not.
    if reference.size >= _HEXBIN_FROM:
        # Starts dark enough that a lone outlier is seen on white.
        blues = LinearSegmentedColormap.from_list("density", ["#9ecae1", "#2171b5", "#08214d"])
        axes.hexbin(
            reference,
            predicted,
            gridsize=55,
            extent=(low, high, low, high),
            mincnt=1,
            cmap=blues,
            norm=LogNorm(1, None),
            linewidths=0.1,
            zorder=2,
        )
    else:
        axes.scatter(
            reference, predicted, s=13, color="#2171b5", alpha=0.55, linewidths=0, zorder=2
        )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(_tick))
    axes.tick_params(labelsize=7.5, length=2.5)
    shift = f", from {_tick(origin)}" if origin else ""
    unit = pretty_unit(parity.unit)
    axes.set_xlabel(f"reference ({unit}{shift})", fontsize=7.5, parse_math=False)
    axes.set_ylabel(f"predicted ({unit}{shift})", fontsize=7.5, parse_math=False)
    axes.set_title(_title(parity.result), fontsize=8.5, parse_math=False)
    count = f"n = {parity.reference.size:,}".replace(",", " ")
    if parity.n_dropped:
        count += f"\n{parity.n_dropped} not finite"
    # A mean error has no place among the points, but its threshold is to be seen.
    if parity.result.threshold is not None:
        count += f"\nthreshold {plain_number(parity.result.threshold)}"
    axes.text(
        0.04, 0.96, count, transform=axes.transAxes, fontsize=7, color=MUTED, va="top", zorder=3
    )


def _title(result: CheckResult) -> str:
    if result.value is None:
        return result.quantity
    text = f"{cell_number(result.value)} {pretty_unit(result.unit)}"
    return f"{result.quantity}: {result.metric.upper()} {text}"


def _origin(reference: NDArray[np.float64]) -> float:
    """Point to count from where all numbers are nearly the same, as energies per atom are."""
    center, span = float(np.median(reference)), float(np.ptp(reference))
    # Total energies per atom are large and nearly equal: ticks would differ in the last digits
    # only.
    if abs(center) <= 5 * span or not center:
        return 0.0
    digits = 3 if not span else max(0, 1 - int(np.floor(np.log10(span))))
    return round(center, digits)


def _tick(value: float, _: int | None = None) -> str:
    # Rounded: a locator's ticks are multiples of a step and carry its rounding error.
    return f"{value:.8g}".replace("-", "−")


def _limits(*arrays: NDArray[np.float64]) -> tuple[float, float]:
    low = min(float(array.min()) for array in arrays)
    high = max(float(array.max()) for array in arrays)
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad
