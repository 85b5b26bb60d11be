"""Figures of smoothness and short range."""

from __future__ import annotations

from ms25_suite.core.details import details_of
from ms25_suite.criteria.short_range.details import KEY as SHORT_KEY
from ms25_suite.criteria.short_range.details import ScanCurve, ShortRangeDetails
from ms25_suite.criteria.short_range.figure import draw_scans
from ms25_suite.criteria.smoothness.details import KEY, LineSteps, SmoothnessDetails
from ms25_suite.criteria.smoothness.figure import draw_steps
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.reports import make_result


def test_each_pair_has_a_panel_with_the_screened_nuclei() -> None:
    curves = tuple(
        ScanCurve(name, (2.0, 1.0, 0.5), (0.0, 3.0, None), (0.1, 5.0, 90.0))
        for name in ("O-O", "O-Si")
    )
    details = ShortRangeDetails(curves)
    result = make_result(
        criterion="short_range", quantity="wall", details={SHORT_KEY: details.to_dict()}
    )
    assert details_of(result, SHORT_KEY, ShortRangeDetails) == details
    with drawing():
        figure = draw_scans([(result, details)])
    assert figure is not None
    assert [axes.get_title() for axes in figure.axes if axes.get_visible()] == ["O-O", "O-Si"]
    assert "screened nuclei" in figure.axes[0].get_legend_handles_labels()[1]


def test_the_curve_of_the_reference_is_drawn_beside_that_of_the_potential() -> None:
    curve = ScanCurve("O-O", (2.0, 1.0, 0.5), (0.0, 3.0, 9.0), (0.1, 5.0, 90.0), (0.0, 4.0, None))
    details = ShortRangeDetails((curve,))
    result = make_result(
        criterion="short_range", quantity="wall_at_1_ev", details={SHORT_KEY: details.to_dict()}
    )
    assert details_of(result, SHORT_KEY, ShortRangeDetails) == details
    with drawing():
        figure = draw_scans([(result, details)])
    assert figure is not None
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines["reference"].get_ydata())[:2] == [0.0, 4.0]


def test_without_a_curve_there_is_no_figure() -> None:
    result = make_result(criterion="short_range", quantity="hole")
    assert draw_scans([(result, ShortRangeDetails(()))]) is None
    assert draw_steps([(result, SmoothnessDetails(()))]) is None


def test_steps_of_frames_and_of_dimers_have_a_panel_each() -> None:
    lines = (
        LineSteps("frame 3", (0.1, 0.2), (0.01, 0.02)),
        LineSteps("O-Si", (4.9, 5.0), (0.0, 3.0), (5.0,), (2.9,)),
    )
    details = SmoothnessDetails(lines)
    result = make_result(
        criterion="smoothness", quantity="force_jump", details={KEY: details.to_dict()}
    )
    assert details_of(result, KEY, SmoothnessDetails) == details
    with drawing():
        figure = draw_steps([(result, details)])
    assert figure is not None
    dimers, frames = figure.axes
    assert 5.0 in [x for line in dimers.lines for x in list(line.get_xdata())]
    assert any(list(line.get_xdata()) == [0.1, 0.2] for line in frames.lines)
