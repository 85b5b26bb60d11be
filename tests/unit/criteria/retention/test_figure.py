from __future__ import annotations

from dataclasses import replace
from typing import Any

from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.retention.details import (
    KEY,
    SCRATCH,
    RetentionDetails,
    RoleNumber,
)
from ms25_suite.criteria.retention.figure import draw_errors, section
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.reports import RUN, make_result


def found(
    test_dataset: str = "zro", *, tuned_for: bool = False, child: float | None = 90.0, **more: Any
) -> tuple[CheckResult, RetentionDetails]:
    numbers = (
        RoleNumber("child", "naive", child, None if child is None else (80.0, 100.0)),
        RoleNumber("parent", "mp", 50.0, (40.0, 60.0)),
        RoleNumber("scratch", "alone", 300.0, (200.0, 400.0)),
    )
    details = RetentionDetails(tuned_for, numbers, moved=70.0)
    fields: dict[str, Any] = {
        "criterion": "retention",
        "dataset": "lta",
        "test_dataset": test_dataset,
        "potential": "naive",
        "quantity": "forces",
        "metric": "difference",
        "value": 40.0,
        "interval": (30.0, 55.0),
        "threshold": 10.0,
        "unit": "meV/Å",
        "verdict": Verdict.FAIL,
        "details": {KEY: details.to_dict()},
    }
    return make_result(**(fields | more)), details


def own() -> tuple[CheckResult, RetentionDetails]:
    return found(
        "lta", tuned_for=True, child=5.0, value=-45.0, interval=None, threshold=None, verdict=None
    )


def test_a_row_for_each_set_with_the_mark_and_the_paired_interval() -> None:
    both = [own(), found()]
    assert details_of(both[1][0], KEY, RetentionDetails) == both[1][1]
    with drawing():
        figure = draw_errors(both)
    assert figure is not None
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["lta (own)", "zro"]
    lines = [list(line.get_xdata()) for line in axes.lines]
    # From the parent's error, by the interval of the difference; and the mark.
    assert [80.0, 105.0] in lines
    assert [60.0, 60.0] in lines
    assert [300.0] in lines
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "mp: parent",
        "naive: child, and the interval of the difference",
        "alone: from scratch",
        "parent's error plus the mark",
    ]


def test_the_gain_stands_first_in_the_table() -> None:
    wall = found(
        quantity="wall",
        metric="measurement",
        unit="eV",
        value=None,
        interval=None,
        threshold=1.5,
        at_least=True,
        child=None,
    )
    with drawing():
        shown = section(RUN, [found()[0], wall[0], own()[0]])
    assert shown is not None
    (block,) = shown.blocks
    assert (block.heading, block.points) == ("naive, tuned for lta", ("The parent is mp.",))
    first, second, third = block.tables[0].rows
    assert first[:6] == ("lta (tuned for)", "forces", "50.0", "5.00", "300", "−45.0")
    assert second[5:] == ("+40.0", "[30.0, 55.0]", "≤ 10", "meV/Å", Verdict.FAIL)
    assert third[2:5] == ("50.0", "no answer", "300")
    assert (third[5], third[7]) == ("", "≥ 1.5")


def test_without_errors_there_is_no_figure() -> None:
    assert draw_errors([found(quantity="wall")]) is None
    assert section(RUN, [make_result(criterion="retention", quantity="forces")]) is None


def test_what_gave_no_number_is_not_drawn_at_the_end_of_the_axis() -> None:
    result, details = found()
    lost = [replace(one, value=None) if one.role == SCRATCH else one for one in details.numbers]
    with drawing():
        figure = draw_errors([(result, replace(details, numbers=tuple(lost)))])
    assert figure is not None
    assert not [line for line in figure.axes[0].lines if line.get_marker() == "x"]
