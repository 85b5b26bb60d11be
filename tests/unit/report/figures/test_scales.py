"""What a colour of the heatmap means."""

from __future__ import annotations

import pytest

from ms25_suite.core.results import Verdict
from ms25_suite.report.figures.colors import shade_by_mark
from ms25_suite.report.figures.scales import scale_by_marks
from ms25_suite.report.grid import Cell


def cell(value: float, threshold: float | None) -> Cell:
    return Cell(value, "meV/Å", Verdict.PASS, threshold=threshold)


def test_the_ratio_to_the_threshold_counts_and_no_other_number() -> None:
    shade, _ = scale_by_marks()
    assert shade(cell(2.5, 2.5)) == shade(cell(35.0, 35.0))
    # Beyond ten thresholds, and below a tenth, nothing changes.
    assert shade(cell(1e9, 35.0)) == shade(cell(350.0, 35.0))
    assert shade(cell(0.0, 35.0)) == shade(cell(3.5, 35.0))


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.7])
def test_below_is_blue_and_above_is_red(ratio: float) -> None:
    red, _, blue, _ = shade_by_mark(ratio * 35.0, 35.0)
    assert blue > red
    red, _, blue, _ = shade_by_mark(35.0 / ratio, 35.0)
    assert red > blue


@pytest.mark.parametrize("threshold", [None, 0.0])
def test_without_a_threshold_it_is_grey(threshold: float | None) -> None:
    red, green, blue, _ = shade_by_mark(10.0, threshold)
    assert max(red, green, blue) - min(red, green, blue) < 0.05
