from __future__ import annotations

from typing import Any

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.message import (
    draw_message,
    message_section,
    observable_points,
)
from tests.helpers.reports import make_result


def error(quantity: str = "forces", **changes: Any) -> CheckResult:
    return make_result(quantity=quantity, value=10.0, **changes)


def observable(**changes: Any) -> CheckResult:
    fields = {
        "criterion": "eos",
        "quantity": "lattice_constant",
        "metric": "error",
        "unit": "Å",
        "value": 0.1,
        "threshold": 0.05,
        "verdict": Verdict.FAIL,
    }
    return make_result(**(fields | changes))


ERRORS = [error("energy", unit="meV/atom", threshold=12.0), error()]
GOOD = observable(value=0.01, verdict=Verdict.PASS)


def test_errors_that_pass_do_not_hide_an_observable_that_fails() -> None:
    (point,) = observable_points([*ERRORS, observable()])
    assert point.flag == "errors pass, lattice constant fails"
    assert point.label == "mgo: lattice constant"


def test_an_observable_that_passes_despite_large_errors_is_flagged() -> None:
    (point,) = observable_points([ERRORS[0], error(verdict=Verdict.FAIL), GOOD])
    assert point.flag == "errors fail, lattice constant passes"


def test_two_levels_of_theory_have_no_message() -> None:
    """Also where the user lets the difference of two methods count."""
    assert observable_points([*ERRORS, observable(incomparable=True)]) == []
    of_two = observable(incomparable=True, verdict=Verdict.INCOMPARABLE)
    assert observable_points([*ERRORS, of_two]) == []


def test_verdicts_that_agree_have_no_flag() -> None:
    (point,) = observable_points([*ERRORS, GOOD])
    assert point.flag == ""


def test_a_curve_without_fit_counts_as_a_failure_of_the_observable() -> None:
    unfit = observable(quantity="unfit_curves", metric="measurement", value=1.0)
    (point,) = observable_points([*ERRORS, GOOD, unfit])
    assert point.flag == "errors pass, lattice constant fails"
    # Those of relaxed curves are about another observable.
    relaxed = observable(quantity="relaxed_unfit_curves", metric="measurement", value=1.0)
    (point,) = observable_points([*ERRORS, GOOD, relaxed])
    assert point.flag == ""


def test_without_both_sides_there_is_no_point() -> None:
    assert observable_points([observable()]) == []
    assert observable_points(ERRORS) == []
    assert observable_points([error(potential="another"), observable()]) == []
    assert observable_points([*ERRORS, observable(verdict=Verdict.SKIP)]) == []
    assert observable_points([*ERRORS, observable(criterion="no_such_thing")]) == []


def test_errors_that_were_skipped_do_not_hide_those_that_pass() -> None:
    skipped = error("energy", verdict=Verdict.SKIP)
    (point,) = observable_points([skipped, ERRORS[1], observable()])
    assert point.flag == "errors pass, lattice constant fails"


def test_an_open_mark_stands_for_what_has_no_value() -> None:
    points = observable_points([*ERRORS, observable(value=None)])
    with drawing():
        (axes,) = draw_message(points).axes
    (mark,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert mark.get_markerfacecolor() == "white"
    # At the upper edge of the panel, whatever its numbers are.
    assert mark.get_transform() == axes.get_xaxis_transform()
    assert list(mark.get_ydata()) == [1.0]


def test_there_is_a_panel_for_each_dataset_and_observable() -> None:
    results = [*ERRORS, observable(), observable(quantity="bulk_modulus", unit="%")]
    with drawing():
        axes = draw_message(observable_points(results)).axes
    assert [one.get_title() for one in axes] == ["mgo: lattice constant", "mgo: bulk modulus"]


def test_the_section_says_where_verdicts_differ() -> None:
    with drawing():
        found = message_section([*ERRORS, observable()])
    assert found is not None
    assert found.blocks[0].points == (
        "mace-β on mgo: lattice constant: errors pass, lattice constant fails",
    )
    assert message_section(ERRORS) is None
