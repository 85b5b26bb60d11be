from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ms25_suite.core.details import DistanceBinDetails, DistanceDetails
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.error_thresholds.distance_figure import distance_blocks, draw_distances
from ms25_suite.report.figures.canvas import drawing

BINS = tuple(
    DistanceBinDetails(
        place - 0.01, place, place + 0.01, 100 * place, (90 * place, 130 * place), 20
    )
    for place in (0.05, 0.1, 0.2)
)
NEW = DistanceBinDetails(None, None, None, 50.0, None, 2)
DETAILS = DistanceDetails(62, 0, 0, 100, 100, 0.1, (*BINS, NEW))


def result(quantity: str = "forces", **fields: Any) -> CheckResult:
    values = {
        "criterion": "error_thresholds",
        "dataset": "cha",
        "test_dataset": "",
        "potential": "mace",
    } | fields
    return CheckResult(
        **values,
        quantity=quantity,
        metric="mae",
        value=1.0,
        unit="meV/Å",
        details={"by_distance": DETAILS.to_dict()},
    )


def test_a_panel_for_each_quantity_and_a_line_for_each_dataset() -> None:
    results = [
        result(),
        result("energy"),
        result(criterion="framework_transfer", test_dataset="fau"),
        result(potential="ani"),
    ]
    with drawing():
        (block,) = distance_blocks(results)
    assert block.heading == "cha, by the distance to the training"
    assert block.drawing is not None
    forces, energy = block.drawing.figure.axes
    assert [axes.get_title() for axes in (forces, energy)] == ["forces (meV/Å)", "energy (meV/Å)"]
    assert len(forces.containers) == 3
    # The frames with a new element have no place on the axis.
    assert forces.lines[0].get_xdata().tolist() == [0.05, 0.1, 0.2]
    labels = [text.get_text() for text in block.drawing.figure.legends[0].get_texts()]
    assert labels == ["mace", "ani", "tested on cha", "tested on fau"]


def test_nothing_is_drawn_where_the_training_is_not_known() -> None:
    plain = replace(result(), details={})
    assert distance_blocks([plain]) == ()


@pytest.mark.parametrize("quantity", ["energy", "forces", "stress"])
def test_one_quantity_can_be_drawn(quantity: str) -> None:
    with drawing():
        figure = draw_distances([(result(quantity), DETAILS)])
    assert figure.axes[0].get_visible()
    assert not figure.axes[1].get_visible()
