"""Figure of steps and jumps."""

from __future__ import annotations

from ms25_suite.criteria.smoothness.details import LineSteps, SmoothnessDetails
from ms25_suite.criteria.smoothness.figure import draw_steps
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.reports import make_result


def test_finer_steps_that_find_more_are_inside_the_panel() -> None:
    line = LineSteps("O-Si", (4.9, 5.0), (0.75, 3.5), (5.0,), (50.0,))
    result = make_result(criterion="smoothness", quantity="force_jump", value=50.0)
    with drawing():
        figure = draw_steps([(result, SmoothnessDetails((line,)))])
    assert figure is not None
    low, high = figure.axes[0].get_ylim()
    assert low < 0.75
    assert high > 50.0
