"""The message of the paper: errors within their thresholds do not guarantee observables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ms25_suite.core.results import CheckResult, Verdict, worst_verdict
from ms25_suite.report.criteria import error_criterion, is_observable
from ms25_suite.report.figures.axes import panels, set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.figures.legend import ROW, potential_legend
from ms25_suite.report.figures.numbers import draw_threshold, note_numbers
from ms25_suite.report.figures.palette import style_of
from ms25_suite.report.section import Block, Drawing, Section
from ms25_suite.report.wording import pair_label, pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ObservablePoint", "draw_message", "message_section", "observable_points"]

_NOTE: Final = (
    "Dotted lines are thresholds. An open circle at the upper edge has no value, because the "
    "potential failed before there was one. Low errors of energies and forces do not guarantee "
    "correct observables, which is the main finding of Maxson et al., JCIM 2025 (MS25)."
)


@dataclass(frozen=True, slots=True)
class ObservablePoint:
    """Errors of a potential on a dataset, and one observable.

    Parameters
    ----------
    forces
        Mean absolute error of the forces; it has a value.
    observable
        Error of the observable.
    errors, verdict
        Worst verdict on the errors of energy and forces, and worst verdict of the check of the
        observable.
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
        """How the verdicts on errors and on the observable differ; empty if they do not."""
        name = self.observable.quantity.replace("_", " ")
        # The paper's message: low errors of energies and forces do not guarantee observables.
        if self.errors is Verdict.PASS and self.verdict is Verdict.FAIL:
            return f"errors pass, {name} fails"
        if self.errors is Verdict.FAIL and self.verdict is Verdict.PASS:
            return f"errors fail, {name} passes"
        return ""


def message_section(results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no potential has both errors and observables."""
    points = observable_points(results)
    if not points:
        return None
    alt = "Errors of observables over the mean absolute errors of the forces."
    flags = tuple(
        f"{point.observable.potential} on {point.label}: {point.flag}"
        for point in points
        if point.flag
    )
    drawing = Drawing(draw_message(points), alt)
    return Section((Block(drawing=drawing, points=flags, note=_NOTE),))


def observable_points(results: Sequence[CheckResult]) -> list[ObservablePoint]:
    """A point for each potential, dataset and observable with an error of the forces."""
    points = []
    judges_errors = error_criterion()
    for result in results:
        judged = result.metric == "error" and result.verdict in (
            Verdict.PASS,
            Verdict.FAIL,
            Verdict.UNDECIDED,
        )
        # The differences of two methods say nothing about errors and observables of one.
        if not is_observable(result.criterion) or not judged or result.incomparable:
            continue
        same = [
            other
            for other in results
            if (other.test_dataset, other.potential) == (result.test_dataset, result.potential)
        ]
        errors = {
            other.quantity: other
            for other in same
            if other.criterion == judges_errors and other.metric == "mae"
        }
        forces = errors.get("forces")
        if forces is None or forces.value is None:
            continue
        prefix = "relaxed_"
        # Rigid and relaxed curves are judged separately.
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
    groups: dict[str, list[ObservablePoint]] = {}
    for point in points:
        groups.setdefault(point.label, []).append(point)
    names = list(dict.fromkeys(point.observable.potential for point in points))
    rows, columns = panels(len(groups))
    figure = new_figure(0.5 + 2.9 * columns, 2.7 * rows + ROW * len(names) + 0.1)
    bottom = 0.55 + ROW * len(names)
    set_margins(figure, left=0.65, right=0.15, bottom=bottom, between=(0.36, 0.5))
    for place, (label, own) in enumerate(groups.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.set_title(label, fontsize=8.5, parse_math=False)
        _draw_panel(axes, own)
    potential_legend(figure, names)
    return figure


def _draw_panel(axes: Axes, points: Sequence[ObservablePoint]) -> None:
    axes.set_xlabel(f"forces MAE ({pretty_unit(points[0].forces.unit)})", fontsize=8)
    axes.set_ylabel(f"error ({pretty_unit(points[0].observable.unit)})", fontsize=8)
    observable = points[0].observable
    across = {p.forces.threshold for p in points if p.forces.threshold is not None}
    upward = {p.observable.threshold for p in points if p.observable.threshold is not None}
    for mark in sorted(across):
        draw_threshold(axes, mark, upright=True, quantity="forces", unit=points[0].forces.unit)
    for mark in sorted(upward):
        draw_threshold(axes, mark, quantity=observable.quantity, unit=observable.unit)
    values = [p.observable.value for p in points if p.observable.value is not None]
    right = 1.25 * max([p.forces.value or 0.0 for p in points] + [*across])
    top = 1.25 * max([*values, *upward], default=1.0)
    for point in points:
        value = point.observable.value
        style = style_of(point.observable.potential)
        if value is None:
            # The potential failed before there was a number: it stands at the edge of the panel.
            style |= {"marker": "o", "markerfacecolor": "white"}
            style |= {"transform": axes.get_xaxis_transform()}
        axes.plot(
            point.forces.value or 0.0,
            1.0 if value is None else value,
            ls="",
            ms=6,
            clip_on=False,
            zorder=3,
            **style,
        )
        note_numbers(
            axes,
            [value],
            result=point.observable,
            intervals=[point.observable.interval],
            x_name="forces MAE",
            x=[point.forces.value],
            x_unit=point.forces.unit,
            reason="" if value is not None else point.observable.reason,
        )
    axes.set_xlim(0, right or 1.0)
    axes.set_ylim(0, top or 1.0)
    tidy(axes)
