"""Errors of a child beside those of its parent, with the mark, and a table of all numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ms25_suite.core.details import details_of
from ms25_suite.core.fields import QUANTITIES
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.retention import CRITERION
from ms25_suite.criteria.retention.details import (
    CHILD,
    KEY,
    PARENT,
    SCRATCH,
    RetentionDetails,
    RoleNumber,
)
from ms25_suite.report.comparisons import marked
from ms25_suite.report.figures.axes import logarithmic, set_margins, tidy
from ms25_suite.report.figures.canvas import INK, MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, legend_below, legend_label
from ms25_suite.report.figures.numbers import THRESHOLD, note_numbers
from ms25_suite.report.figures.palette import color_of
from ms25_suite.report.section import Block, Column, Drawing, Section, Table
from ms25_suite.report.wording import limit_text, number, pretty_unit, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_errors", "section"]

Found: TypeAlias = tuple[CheckResult, RetentionDetails]

_NOTE: Final = (
    "Circle: mean absolute error of the parent. Dot: that of the child, with the 95 % interval of "
    "the difference, taken frame by frame. Short line: the parent's error plus what may be lost. A "
    "dot left of its circle has gained; one whose whole bar is right of the line has forgotten. "
    "Energies are without a constant for each element, fitted to other frames of the set for each "
    "potential. Walls and laws fail where the parent keeps them and the child does not."
)

_COLUMNS: Final = (
    Column("set", "dataset"),
    Column("quantity", "quantity"),
    Column("parent", "number"),
    Column("child", "number"),
    Column("from scratch", "number"),
    Column("change", "number"),
    Column("95 % interval", "interval"),
    Column("mark", "number"),
    Column("unit"),
    Column("verdict", "verdict"),
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if no child was judged."""
    del run
    groups: dict[tuple[str, str], list[Found]] = {}
    for result in results:
        details = None
        if result.criterion == CRITERION.name:
            details = details_of(result, KEY, RetentionDetails)
        if details is not None:
            groups.setdefault((result.dataset, result.potential), []).append((result, details))
    blocks = [_block(dataset, child, found) for (dataset, child), found in groups.items()]
    return Section(tuple(blocks), _NOTE) if blocks else None


def _block(dataset: str, child: str, found: list[Found]) -> Block:
    # What was gained first.
    found = sorted(found, key=lambda one: not one[1].tuned_for)
    figure = draw_errors(found)
    drawing = None
    if figure is not None:
        alt = f"Errors of {child} and of its parent on {dataset} and on other sets, by quantity."
        drawing = Drawing(figure, alt)
    parent = found[0][1].of(PARENT)
    heading = f"{child}, tuned for {dataset}"
    points = () if parent is None else (f"The parent is {parent.potential}.",)
    return Block(
        heading,
        drawing=drawing,
        points=points,
        tables=(
            Table(
                _COLUMNS,
                [_row(*one) for one in found],
                frozenset(place for place, one in enumerate(found) if one[0].stand_in),
            ),
        ),
    )


def _row(result: CheckResult, details: RetentionDetails) -> tuple[str | Verdict | None, ...]:
    is_difference = result.metric == "difference"
    change, interval = "", ""
    if is_difference and result.value is not None:
        change, interval = value_text(result.value, result.interval)
        change = marked(f"+{change}" if result.value > 0 else change, result)
    mark = ""
    if result.threshold is not None:
        mark = limit_text(result.threshold, result.at_least)
    return (
        f"{result.test_dataset} (tuned for)" if details.tuned_for else result.test_dataset,
        result.quantity.replace("_", " "),
        *(_shown(details.of(role)) for role in (PARENT, CHILD, SCRATCH)),
        change,
        interval,
        mark,
        pretty_unit(result.unit),
        result.verdict,
    )


def _shown(one: RoleNumber | None) -> str:
    if one is None:
        return ""
    return "no answer" if one.value is None else number(one.value)


def draw_errors(found: Sequence[Found]) -> Figure | None:
    """A panel for each quantity, with a row for each set; None if there is no error."""
    by_quantity = {
        quantity: [
            one
            for one in found
            if one[0].quantity == quantity and one[0].value is not None and _is_drawn(one)
        ]
        for quantity in QUANTITIES
    }
    shown: dict[str, Any] = {quantity: own for quantity, own in by_quantity.items() if own}
    if not shown:
        return None
    sets = list(dict.fromkeys(_label(*one) for own in shown.values() for one in own))
    roles = [role for role in (PARENT, CHILD, SCRATCH) if _names(found, role)]
    legend = ROW * (len(roles) + 1)
    figure = new_figure(1.4 + 2.4 * len(shown), 0.9 + 0.3 * len(sets) + legend)
    grid = figure.subplots(1, len(shown), squeeze=False)
    for axes, (quantity, own) in zip(grid.flat, shown.items(), strict=True):
        _draw_panel(axes, own, sets)
        axes.set_title(quantity, fontsize=8.5)
        axes.set_xlabel(f"mean absolute error ({pretty_unit(own[0][0].unit)})", fontsize=8)
        axes.set_yticks(range(len(sets)), sets if axes is grid.flat[0] else [""] * len(sets))
    set_margins(figure, left=1.35, bottom=0.5 + legend, top=0.3, between=(0.12, 0.0))
    _draw_legend(figure, found, roles)
    return figure


def _is_drawn(one: Found) -> bool:
    child, parent = (one[1].of(role) for role in (CHILD, PARENT))
    return child is not None and child.value is not None and _value(parent) > 0


def _value(one: RoleNumber | None) -> float:
    return 0.0 if one is None or one.value is None else one.value


def _draw_panel(axes: Axes, found: Sequence[Found], sets: Sequence[str]) -> None:
    values: list[float] = []
    for result, details in found:
        place = sets.index(_label(result, details))
        numbers = {role: details.of(role) for role in (PARENT, CHILD, SCRATCH)}
        parent = _value(numbers[PARENT])
        # Of a logarithmic axis, what is left of a hundredth is not shown: a perfect child.
        least = 1e-2 * parent
        # What has no number is not drawn at the end of the axis, as if it had a small one.
        known = {role: one for role, one in numbers.items() if one and one.value is not None}
        drawn = {role: max(_value(one), least) for role, one in known.items()}
        _note(axes, result, details, known)
        colors = {role: color_of(one.potential) for role, one in known.items()}
        child = drawn[CHILD]
        values += drawn.values()
        if result.interval is not None:
            ends = [max(parent + end, least) for end in result.interval]
            axes.plot(ends, [place] * 2, color=colors[CHILD], lw=1.4, solid_capstyle="butt")
            values += ends
        axes.plot(child, place, "o", color=colors[CHILD], ms=4.5)
        axes.plot(parent, place, "o", color=INK, mfc="none", ms=6.0)
        if SCRATCH in drawn:
            axes.plot(drawn[SCRATCH], place, "x", color=colors[SCRATCH], ms=5.0)
        if result.threshold is not None:
            limit = parent + result.threshold
            values.append(limit)
            axes.plot([limit] * 2, [place - 0.32, place + 0.32], color=MUTED, lw=1.4)
    logarithmic(axes, "x", values)
    axes.set_ylim(len(sets) - 0.5, -0.5)
    tidy(axes)


def _note(
    axes: Axes, result: CheckResult, details: RetentionDetails, known: Mapping[str, RoleNumber]
) -> None:
    """Errors of the potentials on a set, the difference, and the mark."""
    of: dict[str, Any] = {"x": [_label(result, details)], "x_name": "set", "unit": result.unit}
    where: dict[str, Any] = {"quantity": result.quantity, "tested_on": result.test_dataset}
    for role, one in known.items():
        note_numbers(axes, [one.value], series=role, potential=one.potential, **of, **where)
    change: dict[str, Any] = {
        "series": "child minus parent",
        "result": result,
        "intervals": [result.interval],
    }
    note_numbers(axes, [result.value], **change, **of)
    if result.threshold is not None:
        limit = _value(known.get(PARENT)) + result.threshold
        note_numbers(axes, [limit], series=THRESHOLD, **of, **where)


def _draw_legend(figure: Figure, found: Sequence[Found], roles: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    styles = {
        PARENT: Line2D([], [], ls="", marker="o", mec=INK, mfc="none", ms=6.0),
        CHILD: Line2D([], [], color=_color(found, CHILD), marker="o", ms=4.5, lw=1.4),
        SCRATCH: Line2D([], [], ls="", color=_color(found, SCRATCH), marker="x", ms=5.0),
    }
    words = {
        PARENT: "parent",
        CHILD: "child, and the interval of the difference",
        SCRATCH: "from scratch",
    }
    handles = [styles[role] for role in roles]
    labels = [legend_label(_names(found, role), words[role]) for role in roles]
    handles.append(Line2D([], [], ls="", color=MUTED, marker="|", ms=8.0, mew=1.4))
    legend_below(figure, handles, [*labels, "parent's error plus the mark"])


def _names(found: Sequence[Found], role: str) -> str:
    own = (details.of(role) for _, details in found)
    return next((one.potential for one in own if one is not None), "")


def _color(found: Sequence[Found], role: str) -> str:
    name = _names(found, role)
    return color_of(name) if name else INK


def _label(result: CheckResult, details: RetentionDetails) -> str:
    return f"{result.test_dataset} (own)" if details.tuned_for else result.test_dataset
