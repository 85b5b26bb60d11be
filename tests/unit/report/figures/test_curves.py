from __future__ import annotations

import math
from typing import Any

import pytest

from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.curves import curve_series, draw_curves, training_section


def test_series_are_those_of_the_length_of_the_epochs() -> None:
    epochs, series = curve_series(
        {"epoch": [1, 2], "loss": [2.0, None], "short": [1.0], "text": "x", "flags": [True, False]}
    )
    assert epochs == [1.0, 2.0]
    assert list(series) == ["loss"]
    assert series["loss"][0] == 2.0
    assert math.isnan(series["loss"][1])


def test_epochs_are_counted_where_they_are_not_given() -> None:
    assert curve_series({"loss": [3.0, 2.0, 1.0]})[0] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("curve", [{}, {"epoch": [1]}, {"loss": [None, math.inf]}, {"loss": 3}])
def test_without_numbers_there_is_no_series(curve: dict[str, Any]) -> None:
    assert curve_series(curve)[1] == {}


def test_a_series_that_falls_far_is_on_a_logarithmic_scale() -> None:
    series = {"loss_total": [100.0, 1.0], "rate": [1.0, 2.0], "sign": [-1.0, 1.0]}
    with drawing():
        axes = draw_curves("p", [1.0, 2.0], series, {"loss_total": "eV"}).axes
    assert [one.get_yscale() for one in axes] == ["log", "linear", "linear"]
    assert [one.get_title() for one in axes] == ["loss total (meV)", "rate", "sign"]


def test_the_section_has_a_block_for_each_training() -> None:
    trained = PotentialRecord(name="p", training_curve={"epoch": (1, 2), "loss": (2.0, 1.0)})
    with drawing():
        found = training_section(RunRecord(potentials=(PotentialRecord(name="q"), trained)))
    assert found is not None
    (block,) = found.blocks
    assert block.heading == "p"
    assert block.drawing is not None
    assert block.drawing.many_points
    assert training_section(RunRecord()) is None
