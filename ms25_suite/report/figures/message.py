"""The paper's message: errors that pass do not guarantee observables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.report.figures.canvas import COLORS, MARKERS, MUTED, new_figure
from ms25_suite.report.wording import middle_cut, pair_label, pretty_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OBSERVABLE_CRITERIA", "ObservablePoint", "draw_message", "observable_points"]

OBSERVABLE_CRITERIA: Final = ("eos", "neb_barrier", "stability")
"""Criteria that ask for what a potential is used for, and not for its errors."""


@dataclass(frozen=True, slots=True)
class ObservablePoint:
    """Errors of a potential on a dataset, and one observable.

    Parameters
    ----------
    forces
        Mean absolute error of the forces, judged by ``error_thresholds``.
    observable
        The observable.
    errors, verdict
        Worst verdict of energy and forces, and of the observable with all that its check found.
    """

    forces: CheckResult
    observable: CheckResult
    errors: Verdict | None
    verdict: Verdict | None

    @property
    def label(self) -> str:
        """Dataset and observable."""
        name = self.observable.quantity.replace("_", " ")
        return f"{pair_label(self.observable.dataset, self.observable.test_dataset)}: {name}"

    @property
    def flag(self) -> str:
        """What errors alone would have hidden, or would have blamed; empty if both say the same."""
        name = self.observable.quantity.replace("_", " ")
        if self.errors is Verdict.PASS and self.verdict is Verdict.FAIL:
            return f"errors pass, {name} fails"
        if self.errors is Verdict.FAIL and self.verdict is Verdict.PASS:
            return f"errors fail, {name} passes"
        return ""


def observable_points(results: Sequence[CheckResult]) -> list[ObservablePoint]:
    """One for each potential, dataset and observable of which both sides are known."""
    points = []
    for result in results:
        judged = result.metric == "error" and result.verdict in (
            Verdict.PASS,
            Verdict.FAIL,
            Verdict.UNDECIDED,
        )
        if result.criterion not in OBSERVABLE_CRITERIA or not judged:
            continue
        same = [
            other
            for other in results
            if (other.test_dataset, other.potential) == (result.test_dataset, result.potential)
        ]
        errors = {
            other.quantity: other
            for other in same
            if other.criterion == "error_thresholds" and other.metric == "mae"
        }
        forces = errors.get("forces")
        if forces is None or forces.value is None:
            continue
        prefix = "relaxed_"
        relaxed = result.quantity.startswith(prefix)
        own = [
            other.verdict
            for other in same
            if other.criterion == result.criterion and other.quantity.startswith(prefix) == relaxed
        ]
        known = [errors[name].verdict for name in ("energy", "forces") if name in errors]
        points.append(ObservablePoint(forces, result, worst_verdict(known), worst_verdict(own)))
    return points


def draw_message(points: Sequence[ObservablePoint]) -> Figure:
    """Force error on x, error of the observable on y; a panel for each dataset and observable."""
    panels: dict[str, list[ObservablePoint]] = {}
    for point in points:
        panels.setdefault(point.label, []).append(point)
    names = list(dict.fromkeys(point.observable.potential for point in points))
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    width, height = 0.5 + 2.9 * columns, 2.7 * rows + 0.2 * len(names) + 0.1
    figure = new_figure(width, height)
    figure.subplots_adjust(
        left=0.65 / width,
        right=1 - 0.15 / width,
        bottom=(0.55 + 0.2 * len(names)) / height,
        top=1 - 0.3 / height,
        wspace=0.36,
        hspace=0.5,
    )
    for place, (label, own) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.set_title(label, fontsize=8.5, parse_math=False)
        axes.set_xlabel(f"forces MAE ({pretty_unit(own[0].forces.unit)})", fontsize=8)
        axes.set_ylabel(f"error ({pretty_unit(own[0].observable.unit)})", fontsize=8)
        for mark in {p.forces.threshold for p in own if p.forces.threshold is not None}:
            axes.axvline(mark, color=MUTED, lw=0.9, ls=":")
        marks = {p.observable.threshold for p in own if p.observable.threshold is not None}
        for mark in marks:
            axes.axhline(mark, color=MUTED, lw=0.9, ls=":")
        values = [p.observable.value for p in own if p.observable.value is not None]
        top = 1.25 * max([*values, *marks], default=1.0)
        right = 1.25 * max(
            [p.forces.value or 0.0 for p in own] + [p.forces.threshold or 0.0 for p in own]
        )
        for point in own:
            index = names.index(point.observable.potential)
            value, color = point.observable.value, COLORS[index % len(COLORS)]
            # No number: an open mark at the upper edge.
            axes.plot(
                point.forces.value or 0.0,
                top if value is None else value,
                ls="",
                marker="o" if value is None else MARKERS[index % len(MARKERS)],
                ms=6,
                color=color,
                markerfacecolor="white" if value is None else color,
                clip_on=False,
                zorder=3,
            )
        axes.set_xlim(0, right or 1.0)
        axes.set_ylim(0, top or 1.0)
        axes.grid(color="#e4e8ec", lw=0.6)
        axes.tick_params(which="both", labelsize=7.5, length=2.5)
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], ls="", marker=MARKERS[i % len(MARKERS)], color=COLORS[i % len(COLORS)])
        for i in range(len(names))
    ]
    figure.legend(
        handles,
        [middle_cut(name, 60).replace("$", r"\$") for name in names],
        loc="lower left",
        bbox_to_anchor=(0.5 / width, 0.02 / height),
        fontsize=8,
        frameon=False,
        borderpad=0.1,
        labelspacing=0.25,
    )
    return figure
