"""Learning curves and data training rates, as in the paper's Figure 3 and Table 8."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ms25_suite.core.results import CheckResult
from ms25_suite.core.run_record import RunRecord
from ms25_suite.criteria.training_rate.paper_rates import PaperRates, paper_rates
from ms25_suite.report.figures.canvas import COLORS, MARKERS, MUTED, new_figure
from ms25_suite.report.wording import (
    QUANTITIES,
    middle_cut,
    number,
    pair_label,
    plain_number,
    pretty_unit,
    value_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["LearningGroup", "draw_learning", "learning_groups"]


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """Errors of one series in one quantity, and the line through them."""

    result: CheckResult
    sizes: list[float]
    maes: list[float]
    intervals: list[tuple[float, float] | None]
    unit: str
    threshold: float | None
    intercept: float
    r2: float


@dataclass(frozen=True, slots=True, eq=False)
class LearningGroup:
    """All series on one dataset.

    Parameters
    ----------
    label
        Name of the dataset.
    stand_in
        Whether its reference stands in for the one of the paper.
    curves
        Curves by quantity.
    rows
        A row of the table for each curve.
    paper
        What the paper published for the system; None if nothing.
    """

    label: str
    stand_in: bool
    curves: Mapping[str, list[_Curve]]
    rows: list[dict[str, Any]]
    paper: PaperRates | None


def learning_groups(run: RunRecord, results: Sequence[CheckResult]) -> list[LearningGroup]:
    """Learning curves by dataset; what is no whole curve is left out."""
    needed = {
        (r.dataset, r.test_dataset, r.potential, r.quantity): r
        for r in results
        if r.criterion == "training_rate" and r.metric == "measurement"
    }
    tiers = {dataset.name: dataset.tier for dataset in run.datasets}
    found: dict[tuple[str, str], list[_Curve]] = {}
    for result in results:
        curve = _curve(result)
        if curve is not None:
            found.setdefault((result.dataset, result.test_dataset), []).append(curve)
    groups = []
    for (dataset, test), curves in found.items():
        # A name of the paper's says nothing in other people's data.
        known = curves[0].result.tier or tiers.get(dataset)
        paper = paper_rates(dataset) if known not in (None, "", "user") else None
        rows = []
        for curve in curves:
            result = curve.result
            quantity = f"{result.quantity}_frames_needed"
            rows.append(_row(curve, needed.get((dataset, test, result.potential, quantity)), paper))
        by_quantity = {
            name: [curve for curve in curves if curve.result.quantity == name]
            for name in QUANTITIES
        }
        groups.append(
            LearningGroup(
                pair_label(dataset, test),
                any(curve.result.stand_in for curve in curves),
                {name: own for name, own in by_quantity.items() if own},
                rows,
                paper,
            )
        )
    return groups


def draw_learning(group: LearningGroup) -> Figure:
    """A column of panels for each quantity: linear above, logarithmic with the lines below."""
    columns = len(group.curves)
    names = list(
        dict.fromkeys(c.result.potential for curves in group.curves.values() for c in curves)
    )
    rows = math.ceil(len(names) / 3)
    width, height = 0.4 + 3.1 * columns, 5.0 + 0.2 * rows
    figure = new_figure(width, height)
    figure.subplots_adjust(
        left=0.62 / width,
        right=1 - 0.12 / width,
        bottom=(0.5 + 0.2 * rows) / height,
        top=1 - 0.3 / height,
        wspace=0.32,
        hspace=0.34,
    )
    for column, (quantity, curves) in enumerate(group.curves.items(), start=1):
        above = figure.add_subplot(2, columns, column)
        below = figure.add_subplot(2, columns, columns + column)
        for axes in (above, below):
            for curve in curves:
                _draw(axes, curve, names.index(curve.result.potential))
            marks = {curve.threshold for curve in curves if curve.threshold is not None}
            for mark in sorted(marks):
                axes.axhline(mark, color=MUTED, lw=0.9, ls=":", label="threshold of the error")
            axes.set_xlabel("training frames", fontsize=8)
            axes.grid(color="#e4e8ec", lw=0.6)
            axes.tick_params(which="both", labelsize=7.5, length=2.5)
        above.set_title(f"{quantity}: MAE ({pretty_unit(curves[0].unit)})", fontsize=9)
        above.set_ylim(bottom=0)
        above.set_xlim(left=0)
        _logarithmic(below, curves)
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        handles.values(),
        [middle_cut(label, 40).replace("$", r"\$") for label in handles],
        loc="lower left",
        bbox_to_anchor=(0.5 / width, 0.02 / height),
        ncols=min(len(handles), 3),
        fontsize=8,
        frameon=False,
    )
    return figure


def _draw(axes: Axes, curve: _Curve, index: int) -> None:
    errors = None
    if all(interval is not None for interval in curve.intervals):
        ends = [interval for interval in curve.intervals if interval is not None]
        errors = [
            [max(mae - low, 0) for mae, (low, _) in zip(curve.maes, ends, strict=True)],
            [max(high - mae, 0) for mae, (_, high) in zip(curve.maes, ends, strict=True)],
        ]
    axes.errorbar(
        curve.sizes,
        curve.maes,
        yerr=errors,
        color=COLORS[index % len(COLORS)],
        marker=MARKERS[index % len(MARKERS)],
        ms=4.5,
        lw=0,
        elinewidth=1.0,
        capsize=2,
        label=curve.result.potential,
    )
    rate = float(curve.result.value or 0.0)
    first, last = curve.sizes[0], curve.sizes[-1]
    steps = [first * (last / first) ** (k / 40) for k in range(41)]
    line = [math.exp(curve.intercept) * n**-rate for n in steps]
    axes.plot(steps, line, color=COLORS[index % len(COLORS)], lw=1.1)


def _logarithmic(axes: Axes, curves: Sequence[_Curve]) -> None:
    from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({size for curve in curves for size in curve.sizes})
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _curve(result: CheckResult) -> _Curve | None:
    """Curve behind a rate; None if it is no rate, or its details are not those of one."""
    curve, fit = result.details.get("learning_curve"), result.details.get("fit")
    if result.metric != "rate" or result.value is None:
        return None
    if not isinstance(curve, Mapping) or not isinstance(fit, Mapping):
        return None
    sizes, maes = _numbers(curve.get("sizes")), _numbers(curve.get("mae"))
    (intercept, r2) = (_numbers([fit.get(key)]) for key in ("intercept", "r2"))
    whole = len(sizes) == len(maes) > 1 and min((*sizes, *maes)) > 0 and intercept and r2
    if not whole or result.quantity not in QUANTITIES:
        return None
    ends = curve.get("intervals")
    pairs = [_numbers(pair) for pair in ends] if isinstance(ends, Sequence) else []
    intervals = [(pair[0], pair[1]) if len(pair) == 2 else None for pair in pairs]
    threshold = _numbers([curve.get("threshold")])
    return _Curve(
        result,
        sizes,
        maes,
        intervals if len(intervals) == len(sizes) else [None] * len(sizes),
        str(curve.get("unit") or ""),
        threshold[0] if threshold else None,
        intercept[0],
        r2[0],
    )


def _row(curve: _Curve, needed: CheckResult | None, paper: PaperRates | None) -> dict[str, Any]:
    result = curve.result
    published = None
    if paper is not None:
        published = paper.rates.get(result.architecture, {}).get(result.quantity)
    text = "cannot be told" if curve.threshold is not None else "no threshold"
    if needed is not None and needed.value is not None:
        bound = "at most " if needed.reason.startswith("at most") else ""
        text = f"{bound}{' '.join(value_text(needed.value, needed.interval))}".strip()
    return {
        "potential": result.potential,
        "quantity": result.quantity,
        "sizes": ", ".join(plain_number(size) for size in curve.sizes),
        "rate": value_text(float(result.value or 0.0), result.interval),
        "r2": number(curve.r2),
        "needed": text,
        "verdict": result.verdict,
        "paper": "" if published is None else f"{published:.3f}",
    }


def _numbers(value: Any) -> list[float]:
    """Finite numbers of a list; empty if it is none, or holds anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    known = [
        float(item)
        for item in value
        if isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item)
    ]
    return known if len(known) == len(value) else []
