"""Figures of observables: equations of state, paths of reactions, energies of dynamics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import COLORS, INK, MARKERS, MUTED, new_figure
from ms25_suite.report.wording import middle_cut, number, pair_label, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_observable", "observable_groups"]

_DETAILS: Final = {"eos": "eos", "neb_barrier": "neb", "stability": "dynamics"}
"""Key of the details that a figure of each criterion is drawn from."""


def observable_groups(
    results: Sequence[CheckResult], criterion: str
) -> dict[tuple[str, str], list[CheckResult]]:
    """Results that can be drawn, by dataset and quantity; the potentials share a figure."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for result in results:
        details = result.details.get(_DETAILS.get(criterion, ""))
        if result.criterion == criterion and isinstance(details, Mapping):
            label = pair_label(result.dataset, result.test_dataset)
            groups.setdefault((label, result.quantity), []).append(result)
    return groups


def draw_observable(criterion: str, results: Sequence[CheckResult]) -> Figure | None:
    """Figure of one dataset with all potentials; None if there is nothing in it.

    Parameters
    ----------
    criterion
        ``eos``, ``neb_barrier`` or ``stability``.
    results
        A group of `observable_groups`.
    """
    draw = {"eos": _draw_eos, "neb_barrier": _draw_paths, "stability": _draw_dynamics}
    return draw[criterion](results)


def _draw_eos(results: Sequence[CheckResult]) -> Figure | None:
    curves = [_curves(result) for result in results]
    count = max((len(own) for own in curves), default=0)
    if count == 0:
        return None
    many = count > 1
    figure = new_figure(7.2 if many else 4.4, 3.2 + 0.2 * len(results))
    axes = figure.subplots(1, 2 if many else 1, squeeze=False)[0]
    name = _worst_curve(curves)
    axes[0].set_title(
        f"{name}: energy above the lowest point" if many else name, fontsize=8.5, parse_math=False
    )
    axes[0].set_xlabel("volume (Å³/atom)", fontsize=8)
    axes[0].set_ylabel("energy (meV/atom)", fontsize=8)
    drawn = False
    for index, (result, own) in enumerate(zip(results, curves, strict=True)):
        shown = next((curve for curve in own if curve.get("name") == name), None)
        if shown is None:
            continue
        volumes, reference = _numbers(shown.get("volumes")), _numbers(shown.get("reference"))
        if not drawn:
            axes[0].plot(
                volumes, _above(reference), "o-", color=INK, ms=4, lw=1.1, label="reference"
            )
            drawn = True
        style = _style(index)
        axes[0].plot(
            volumes,
            _above(_numbers(shown.get("predicted"))),
            ms=3.5,
            lw=1.1,
            ls="--",
            label=_label(result, _failure(own)),
            **style,
        )
    # A curve that collapses would press the others flat.
    if drawn:
        tallest = max(_above(reference))
        axes[0].set_ylim(-0.08 * tallest, 1.6 * tallest)
    if many:
        _draw_errors(axes[1], results, curves)
    _finish(figure, list(axes), len(results) + 1)
    return figure


def _draw_errors(
    axes: Axes, results: Sequence[CheckResult], curves: Sequence[list[Mapping[str, Any]]]
) -> None:
    unit = pretty_unit(results[0].unit)
    axes.set_title("error of each curve (× cannot be fitted)", fontsize=8.5)
    axes.set_xlabel("curve", fontsize=8)
    axes.set_ylabel(f"error ({unit})", fontsize=8)
    axes.axhline(0, color=MUTED, lw=0.8)
    for mark in {result.threshold for result in results if result.threshold is not None}:
        for sign in (-1, 1):
            axes.axhline(sign * mark, color=MUTED, lw=0.9, ls=":")
    for index, own in enumerate(curves):
        style = _style(index)
        errors = [(place, _number(curve.get("error"))) for place, curve in enumerate(own, start=1)]
        known = [(place, error) for place, error in errors if error is not None]
        axes.plot([p for p, _ in known], [e for _, e in known], ls="", ms=4, **style)
        lost = [place for place, error in errors if error is None]
        axes.plot(lost, [0.0] * len(lost), ls="", marker="x", ms=6, color=style["color"])


def _draw_paths(results: Sequence[CheckResult]) -> Figure | None:
    paths = [(result, result.details["neb"]) for result in results]
    figure = new_figure(5.4, 3.2 + 0.2 * len(results))
    axes = figure.subplots()
    axes.set_xlabel("length of the path (Å)", fontsize=8)
    axes.set_ylabel("energy above the initial state (eV)", fontsize=8)
    axes.axhline(0, color=MUTED, lw=0.8)
    first = next((path.get("reference") for _, path in paths), None)
    drawn = 0
    if isinstance(first, Mapping):
        barrier = _number(first.get("barrier"))
        lengths, energies = _numbers(first.get("lengths")), _numbers(first.get("energies"))
        label = "reference" + ("" if barrier is None else f", barrier {number(barrier)} eV")
        if lengths and len(lengths) == len(energies):
            axes.plot(lengths, energies, "o-", color=INK, ms=4, lw=1.1, label=label)
            drawn += 1
        elif barrier is not None:
            axes.axhline(barrier, color=INK, lw=1.0, label=label)
            drawn += 1
    for index, (result, path) in enumerate(paths):
        lengths, energies = _numbers(path.get("lengths")), _numbers(path.get("energies"))
        if not lengths or len(lengths) != len(energies):
            axes.plot([], [], ls="", label=_label(result, "no band"), **_style(index))
            continue
        converged = path.get("converged") is True
        barrier = _number(path.get("barrier"))
        words = "" if barrier is None else f"barrier {number(barrier)} eV"
        # The paper's open circle: a band that is not converged is no path.
        face: dict[str, Any] = {} if converged else {"markerfacecolor": "white"}
        axes.plot(
            lengths,
            energies,
            ms=4.5,
            lw=1.1,
            ls="--" if converged else ":",
            label=_label(result, words if converged else f"{words}, not converged"),
            **(_style(index) | ({} if converged else {"marker": "o"})),
            **face,
        )
        drawn += 1
    if not drawn:
        return None
    _finish(figure, [axes], len(results) + 1)
    return figure


def _draw_dynamics(results: Sequence[CheckResult]) -> Figure | None:
    figure = new_figure(5.4, 3.0 + 0.2 * len(results))
    axes = figure.subplots()
    axes.set_xlabel("time (fs)", fontsize=8)
    in_bath = results[0].details["dynamics"].get("ensemble") == "nvt"
    key = "temperatures" if in_bath else "energies"
    axes.set_ylabel(
        "temperature (K)" if in_bath else "total energy since the start (meV/atom)", fontsize=8
    )
    marks = _bath_temperatures(results) if in_bath else [0.0]
    for mark in marks:
        axes.axhline(mark, color=MUTED, lw=0.8)
    drawn = False
    for index, result in enumerate(results):
        details = result.details["dynamics"]
        times = [1000.0 * time for time in _numbers(details.get("times"))]
        style: dict[str, Any] = {"color": COLORS[index % len(COLORS)]}
        label: str | None = _label(result, "")
        for run in details.get("runs") or []:
            trace = _numbers(run.get(key)) if isinstance(run, Mapping) else []
            if not trace or len(trace) > len(times):
                continue
            axes.plot(times[: len(trace)], trace, lw=1.0, label=label, **style)
            label, drawn = None, True
            if run.get("broken"):
                axes.plot(times[len(trace) - 1], trace[-1], "x", ms=7, **style)
    if not drawn:
        return None
    _finish(figure, [axes], len(results))
    return figure


def _bath_temperatures(results: Sequence[CheckResult]) -> list[float]:
    """Temperatures in K at which any run was held."""
    runs = [run for result in results for run in result.details["dynamics"].get("runs") or []]
    found = {_number(run.get("temperature_K")) for run in runs if isinstance(run, Mapping)}
    return sorted(value for value in found if value is not None)


def _curves(result: CheckResult) -> list[Mapping[str, Any]]:
    found = result.details["eos"].get("curves")
    own = found if isinstance(found, Sequence) else []
    lists = ("volumes", "reference", "predicted")
    return [
        curve
        for curve in own
        if isinstance(curve, Mapping)
        and len({len(_numbers(curve.get(key))) for key in lists}) == 1
        and _numbers(curve.get("volumes"))
    ]


def _worst_curve(curves: Sequence[list[Mapping[str, Any]]]) -> str:
    """The curve that says most: one that cannot be fitted, else the one of the largest error."""

    def badness(curve: Mapping[str, Any]) -> float:
        error = _number(curve.get("error"))
        return math.inf if error is None else abs(error)

    every = [curve for own in curves for curve in own]
    return str(max(every, key=badness).get("name", ""))


def _failure(curves: Sequence[Mapping[str, Any]]) -> str:
    unfit = sum(bool(curve.get("failure")) for curve in curves)
    return f"{unfit} of {len(curves)} curves without a fit" if unfit else ""


def _label(result: CheckResult, words: str) -> str:
    name = middle_cut(result.potential, 40).replace("$", r"\$")
    return f"{name}: {words}" if words else name


def _style(index: int) -> dict[str, Any]:
    return {"color": COLORS[index % len(COLORS)], "marker": MARKERS[index % len(MARKERS)]}


def _finish(figure: Figure, axes: Sequence[Axes], entries: int) -> None:
    for one in axes:
        one.grid(color="#e4e8ec", lw=0.6)
        one.set_axisbelow(True)
        one.tick_params(which="both", labelsize=7.5, length=2.5)
    width, height = figure.get_size_inches()
    below = (0.5 + 0.2 * entries) / height
    figure.subplots_adjust(
        left=0.7 / width, right=1 - 0.12 / width, bottom=below, top=1 - 0.3 / height, wspace=0.32
    )
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.5 / width, 0.02 / height),
        fontsize=8,
        frameon=False,
        borderpad=0.1,
        labelspacing=0.25,
    )


def _above(values: Sequence[float]) -> list[float]:
    """In meV above the lowest; gaps stay."""
    known = [value for value in values if math.isfinite(value)]
    lowest = min(known, default=0.0)
    return [1000.0 * (value - lowest) for value in values]


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _numbers(value: Any) -> list[float]:
    """Numbers of a list, NaN where there is none; empty if it is no list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    found = [_number(item) for item in value]
    return [math.nan if item is None else item for item in found]
