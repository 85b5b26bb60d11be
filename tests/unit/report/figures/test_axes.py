from __future__ import annotations

import pytest

from ms25_suite.report.figures.axes import logarithmic, panels, set_margins, tidy
from ms25_suite.report.figures.canvas import new_figure


@pytest.mark.parametrize(
    ("count", "expected"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 3)), (7, (3, 3))]
)
def test_panels_fill_rows_of_three(count: int, expected: tuple[int, int]) -> None:
    assert panels(count) == expected


def test_panels_of_other_rows() -> None:
    assert panels(4, per_row=4) == (1, 4)


def test_margins_are_in_inches() -> None:
    figure = new_figure(4.0, 2.0)
    set_margins(figure, left=1.0, right=0.4, bottom=0.5, top=0.2, between=(0.1, 0.2))
    pars = figure.subplotpars
    assert (pars.left, pars.right, pars.bottom, pars.top) == pytest.approx((0.25, 0.9, 0.25, 0.9))
    assert (pars.wspace, pars.hspace) == (0.1, 0.2)


def test_the_grid_is_behind_the_data() -> None:
    axes = new_figure(2, 2).subplots()
    tidy(axes)
    assert axes.get_axisbelow() is True
    assert axes.xaxis.get_gridlines()[0].get_visible()


@pytest.mark.parametrize("which", ["x", "y"])
def test_logarithmic_scales_hold_all_values_and_plain_numbers(which: str) -> None:
    axes = new_figure(2, 2).subplots()
    logarithmic(axes, which, [2.0, 30.0])  # type: ignore[arg-type]
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    assert low < 2.0
    assert high > 30.0
    assert axis.get_scale() == "log"
    assert axis.get_major_formatter()(20.0, 0) == "20"
