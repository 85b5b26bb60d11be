from __future__ import annotations

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.throughput.figure import draw_pareto, draw_sizes, draw_speeds, section
from ms25_suite.criteria.throughput.points import pareto_points, size_curves, speed_points
from ms25_suite.report.figures.canvas import drawing, svg_bytes
from ms25_suite.report.section import Section
from tests.unit.criteria.throughput.test_points import NOISY, REFUSED, forces, size_cost, speed

RESULTS = [
    *(speed(), forces(20.0), speed(40.0, "a $ name"), forces(0.0, "a $ name"), NOISY),
    *(speed(3.0, dataset="cha", test_dataset="cha", threshold=1.0), size_cost()),
]


def section_of(*results: CheckResult) -> Section | None:
    with drawing():
        return section(RunRecord(), results)


def test_speeds_are_on_a_logarithmic_scale_by_dataset() -> None:
    with drawing():
        (axes,) = draw_speeds(speed_points(RESULTS)).axes
    assert axes.get_yscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["hea", "cha"]


def test_potentials_that_are_beaten_have_open_marks() -> None:
    results = [speed(), forces(20.0), speed(1.0, "worse"), forces(30.0, "worse")]
    with drawing():
        (axes,) = draw_pareto(pareto_points(speed_points(results), results)).axes
    marks = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [False, True]


def test_sizes_are_on_logarithmic_scales_with_their_power() -> None:
    with drawing():
        (axes,) = draw_sizes(size_curves(RESULTS)).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in axes.texts] == ["atoms^1.00"]


def test_figures_are_drawn_down_to_the_same_bytes() -> None:
    points = speed_points(RESULTS)

    def draw() -> list[bytes]:
        figures = [
            draw_speeds(points),
            draw_pareto(pareto_points(points, RESULTS)),
            draw_sizes(size_curves(RESULTS)),
        ]
        return [svg_bytes(figure) for figure in figures]

    with drawing():
        assert draw() == draw()


def test_the_section_shows_what_is_known() -> None:
    assert section_of(forces(20.0), REFUSED) is None
    alone = section_of(speed())
    whole = section_of(*RESULTS)
    assert alone is not None
    assert whole is not None
    assert [block.heading for block in alone.blocks] == [""]
    assert [block.heading for block in whole.blocks] == [
        "",
        "Accuracy against speed",
        "Cost against size",
    ]
    assert whole.blocks[1].points == ("hea: no other potential is better in both than a $ name",)
