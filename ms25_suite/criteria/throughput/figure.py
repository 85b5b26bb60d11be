"""Figures of throughput: speeds as in the paper's Figure 7, against accuracy, and against size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.throughput.points import (
    ParetoPoint,
    SizeCurve,
    SpeedPoint,
    pareto_points,
    size_curves,
    speed_points,
)
from ms25_suite.criteria.throughput.tables import hardware_note, size_table, speed_table
from ms25_suite.report.figures.axes import logarithmic, panels, set_margins, tidy
from ms25_suite.report.figures.canvas import MUTED, new_figure
from ms25_suite.report.figures.legend import ROW, potential_legend
from ms25_suite.report.figures.numbers import THRESHOLD, draw_threshold, note_numbers
from ms25_suite.report.figures.palette import color_of, line_of, style_of
from ms25_suite.report.section import Block, Drawing, Section
from ms25_suite.report.wording import pretty_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_pareto", "draw_sizes", "draw_speeds", "section"]

_SPEED_NOTE: Final = (
    "Thousands of atom-steps per second of molecular dynamics in LAMMPS, as in Figure 7 of Maxson "
    "et al., JCIM 2025 (MS25), which was measured on A100 GPUs (MTP on a CPU) with the LAMMPS "
    "interface of each package. Lines: the middle half of the timed blocks. A thick line without a "
    "mark: too noisy for a number. Dotted: the threshold."
)

_PARETO_NOTE: Final = (
    "Upper left is best. Filled symbols on the line: no other potential of the panel is at least "
    "as accurate and as fast, and better in one of the two. Open symbols: at least one other "
    "potential is better. Dotted: thresholds."
)

_SIZE_NOTE: Final = (
    "Supercells of one frame. The time of a step grows with this power of the number of atoms, the "
    "slope of a straight line through the logarithms; 1 is proportional. Dotted: a size that could "
    "not be run."
)


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if there is no speed."""
    del run
    points, sizes = speed_points(results), size_curves(results)
    if not points:
        return None
    blocks = [
        Block(
            drawing=Drawing(draw_speeds(points), "Speed of each potential in LAMMPS, by dataset."),
            tables=(speed_table(points),),
            note=f"{_SPEED_NOTE} {hardware_note(points)}",
        )
    ]
    fronts = pareto_points(points, results)
    if fronts:
        blocks.append(
            Block(
                "Accuracy against speed",
                drawing=Drawing(draw_pareto(fronts), "Speed over the error of the forces."),
                points=tuple(_front(label, own) for label, own in fronts.items() if len(own) > 1),
                note=_PARETO_NOTE,
            )
        )
    if sizes:
        blocks.append(
            Block(
                "Cost against size",
                drawing=Drawing(draw_sizes(sizes), "Time per step over the number of atoms."),
                tables=(size_table(sizes),),
                note=_SIZE_NOTE,
            )
        )
    return Section(tuple(blocks))


def _front(label: str, group: Sequence[ParetoPoint]) -> str:
    names = ", ".join(point.speed.result.potential for point in group if point.best)
    return f"{label}: no other potential is better in both than {names}"


def draw_speeds(points: Sequence[SpeedPoint]) -> Figure:
    """Datasets on x, kAtoms/s on a logarithmic y; a symbol for each potential with its spread."""
    labels = list(dict.fromkeys(point.label for point in points))
    names = list(dict.fromkeys(point.result.potential for point in points))
    width = max(4.4, 1.2 + (0.5 + 0.22 * len(names)) * len(labels))
    figure = new_figure(width, 3.1 + ROW * len(names))
    axes = figure.subplots()
    axes.set_ylabel("speed in LAMMPS (kAtoms/s)", fontsize=8)
    # Marks of one dataset side by side, within 0.7 of its place on x.
    step = 0.7 / max(len(names), 2)
    for point in points:
        index = names.index(point.result.potential)
        x = labels.index(point.label) + (index - (len(names) - 1) / 2) * step
        style = style_of(point.result.potential)
        value, threshold = point.result.value, point.result.threshold
        # A speed that is too noisy for a number is shown by its spread alone.
        width = 1.6 if value is not None else 5.0
        axes.plot([x, x], point.details.quartiles, color=style["color"], lw=width, alpha=0.6)
        _note_speed(axes, point)
        if value is not None:
            axes.plot(x, value, ls="", ms=6, **style)
        if threshold is not None:
            axes.plot([x - step / 2, x + step / 2], [threshold] * 2, color=MUTED, lw=1.0, ls=":")
            note_numbers(axes, [threshold], series=THRESHOLD, x=[point.label], unit="kAtoms/s")
    axes.set_xticks(range(len(labels)), labels, fontsize=8, parse_math=False)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    logarithmic(axes, "y", [end for point in points for end in point.details.quartiles])
    _finish(figure, names, top=0.15)
    axes.grid(visible=False, axis="x")
    return figure


def draw_pareto(groups: Mapping[str, Sequence[ParetoPoint]]) -> Figure:
    """A panel for each dataset: error of the forces on x, speed on y; upper left is best."""
    names = list(
        dict.fromkeys(point.speed.result.potential for own in groups.values() for point in own)
    )
    figure, axes_of = _panels(groups, len(names))
    for label, own in groups.items():
        axes = axes_of[label]
        axes.set_xlabel(f"forces MAE ({pretty_unit(own[0].unit)})", fontsize=8)
        axes.set_ylabel("kAtoms/s", fontsize=8)
        front = sorted((p.forces, float(p.speed.result.value or 0.0)) for p in own if p.best)
        axes.step([x for x, _ in front], [y for _, y in front], where="post", color=MUTED, lw=0.9)
        errors = {p.threshold for p in own if p.threshold is not None}
        speeds = {p.speed.result.threshold for p in own if p.speed.result.threshold is not None}
        for mark in sorted(errors):
            draw_threshold(axes, mark, upright=True, quantity="forces", unit=own[0].unit)
        for mark in sorted(speeds):
            draw_threshold(axes, mark, quantity="speed", unit=own[0].speed.result.unit)
        for point in own:
            style = style_of(point.speed.result.potential)
            color, quartiles = style["color"], point.speed.details.quartiles
            _note_speed(axes, point.speed, x=[point.forces], x_name="forces MAE", x_unit=point.unit)
            axes.plot([point.forces] * 2, quartiles, color=color, lw=1.2, alpha=0.6)
            axes.plot(
                point.forces,
                float(point.speed.result.value or 0.0),
                ls="",
                ms=6,
                markerfacecolor=color if point.best else "white",
                clip_on=False,
                zorder=3,
                **style,
            )
        axes.set_xlim(0, 1.2 * max([point.forces for point in own] + [*errors]) or 1.0)
        logarithmic(axes, "y", [end for point in own for end in point.speed.details.quartiles])
    _finish(figure, names)
    return figure


def draw_sizes(groups: Mapping[str, Sequence[SizeCurve]]) -> Figure:
    """A panel for each dataset: atoms on x and ms per step on y, both logarithmic, and the fits."""
    names = list(dict.fromkeys(curve.result.potential for own in groups.values() for curve in own))
    figure, axes_of = _panels(groups, len(names))
    for label, own in groups.items():
        axes = axes_of[label]
        axes.set_xlabel("atoms", fontsize=8)
        axes.set_ylabel("time per step (ms)", fontsize=8)
        for place, curve in enumerate(own):
            _draw_size_curve(axes, curve, place)
        logarithmic(axes, "x", [size for curve in own for size in curve.cost.n_atoms])
        logarithmic(axes, "y", [time for curve in own for time in curve.cost.ms_per_step])
    _finish(figure, names)
    return figure


def _note_speed(axes: Axes, point: SpeedPoint, **columns: Any) -> None:
    """Speed with its interval, and the middle half of its blocks."""
    result, (low, high) = point.result, point.details.quartiles
    at: dict[str, Any] = {"x": [point.label], "x_name": "dataset"} | columns
    note_numbers(axes, [result.value], intervals=[result.interval], result=result, **at)
    spread: dict[str, Any] = {
        "series": "middle half of the blocks",
        "quantity": "speed",
        "unit": result.unit,
    }
    for end in (low, high):
        note_numbers(axes, [end], potential=result.potential, **spread, **at)


def _draw_size_curve(axes: Axes, curve: SizeCurve, place: int) -> None:
    cost, name = curve.cost, curve.result.potential
    color = color_of(name)
    axes.plot(cost.n_atoms, cost.ms_per_step, ls="", ms=5, **style_of(name))
    at: dict[str, Any] = {"x_name": "atoms", "x_unit": "1", "verdict": "", "threshold": None}
    time: dict[str, Any] = {"quantity": "time per step", "unit": "ms", "result": curve.result}
    note_numbers(axes, cost.ms_per_step, x=cost.n_atoms, **time, **at)
    note_numbers(axes, [curve.exponent], intervals=[curve.result.interval], result=curve.result)
    ends = [min(cost.n_atoms), max(cost.n_atoms)]
    line = [cost.prefactor_ms * n**curve.exponent for n in ends]
    axes.plot(ends, line, lw=1.0, **line_of(name))
    note_numbers(axes, line, x=ends, series="fit", **time, **at)
    axes.annotate(
        f"atoms^{curve.exponent:.2f}",
        (0.0, 1.0),
        xytext=(5, -11 - 10 * place),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=7.5,
        color=color,
        parse_math=False,
    )
    if cost.too_large is not None:
        axes.axvline(cost.too_large, color=color, lw=0.9, ls=":")
        note_numbers(axes, [None], x=[cost.too_large], reason="could not be run", **time, **at)


def _panels(groups: Mapping[str, Any], entries: int) -> tuple[Figure, dict[str, Axes]]:
    """Figure with a panel for each dataset, and room for a legend."""
    rows, columns = panels(len(groups))
    figure = new_figure(max(3.6, 0.3 + 2.9 * columns), 2.8 * rows + ROW * entries + 0.1)
    found = {
        label: figure.add_subplot(rows, columns, place) for place, label in enumerate(groups, 1)
    }
    for label, axes in found.items():
        axes.set_title(label, fontsize=8.5, parse_math=False)
    return figure, found


def _finish(figure: Figure, names: Sequence[str], top: float = 0.3) -> None:
    for axes in figure.axes:
        tidy(axes)
    set_margins(
        figure,
        left=0.72,
        right=0.15,
        bottom=0.55 + ROW * len(names),
        top=top,
        between=(0.36, 0.5),
    )
    potential_legend(figure, names)
