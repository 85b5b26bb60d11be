from __future__ import annotations

import math
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.criteria.training_rate.figure import draw_learning, learning_groups
from ms25_suite.report.figures.canvas import drawing, svg_bytes

SIZES = [50, 100, 200]


def rate(quantity: str = "forces", **changes: Any) -> CheckResult:
    details = {
        "learning_curve": {
            "sizes": SIZES,
            "mae": [300 * n**-0.5 for n in SIZES],
            "intervals": [[290 * n**-0.5, 320 * n**-0.5] for n in SIZES],
            "unit": "meV/Å",
            "threshold": 35.0,
        },
        "fit": {"intercept": math.log(300), "r2": 0.98},
    }
    values: dict[str, Any] = {
        "criterion": "training_rate",
        "dataset": "hea",
        "test_dataset": "hea",
        "potential": "mace",
        "architecture": "mace",
        "quantity": quantity,
        "metric": "rate",
        "value": 0.5,
        "unit": "1",
        "interval": (0.4, 0.6),
        "tier": "mini",
        "details": details,
    }
    return CheckResult(**(values | changes))


def needed(**changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "quantity": "forces_frames_needed",
        "metric": "measurement",
        "value": 421.0,
        "unit": "frames",
        "interval": (210.0, 3900.0),
        "reason": "frames at which the line reaches 35 meV/Å",
        "details": {},
    }
    return rate(**(values | changes))


def test_a_row_says_it_all() -> None:
    (group,) = learning_groups(RunRecord(), [rate(), needed()])
    (row,) = group.rows
    assert (row["potential"], row["quantity"], row["sizes"]) == ("mace", "forces", "50, 100, 200")
    assert row["rate"] == ("0.500", "[0.400, 0.600]")
    assert row["needed"] == "421 [210, 3900]"
    assert row["paper"] == "0.519"
    assert group.paper.title == "HEA"


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ([rate()], "cannot be told"),
        ([rate(), needed(reason="at most: …", value=50.0, interval=None)], "at most 50.0"),
        ([rate(), needed(dataset="cha", test_dataset="cha")], "cannot be told"),
    ],
)
def test_frames_needed(results: list[CheckResult], text: str) -> None:
    assert learning_groups(RunRecord(), results)[0].rows[0]["needed"] == text


@pytest.mark.parametrize("changes", [{"dataset": "cuni", "tier": "mini"}, {"tier": "user"}])
def test_the_paper_is_silent_about_other_peoples_data(changes: dict[str, Any]) -> None:
    (group,) = learning_groups(RunRecord(), [rate(**changes)])
    assert group.paper is None
    assert group.rows[0]["paper"] == ""


def test_datasets_are_groups_of_their_own() -> None:
    results = [rate(), rate("energy"), rate(potential="ani"), rate(test_dataset="cha")]
    first, second = learning_groups(RunRecord(), results)
    assert (first.label, second.label) == ("hea", "hea → cha")
    assert {name: len(curves) for name, curves in first.curves.items()} == {
        "energy": 1,
        "forces": 2,
    }


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"learning_curve": 3, "fit": 4},
        {"fit": {"intercept": 1.0, "r2": 1.0}, "learning_curve": {"sizes": [1, 2], "mae": [1.0]}},
        {"fit": {"intercept": 1.0, "r2": 1.0}, "learning_curve": {"sizes": [], "mae": []}},
        {"fit": {"intercept": None, "r2": 1.0}, "learning_curve": {"sizes": [1, 2], "mae": [2, 1]}},
        {"fit": {"intercept": 1, "r2": 1}, "learning_curve": {"sizes": [1, 2], "mae": [2, -1]}},
        {"fit": {"intercept": 1, "r2": 1}, "learning_curve": {"sizes": [1, "2"], "mae": [2, 1]}},
    ],
)
def test_details_of_another_layout_are_no_curve(details: dict[str, Any]) -> None:
    assert learning_groups(RunRecord(), [rate(details=details)]) == []


def test_a_skipped_rate_is_no_curve() -> None:
    assert learning_groups(RunRecord(), [rate(value=None, verdict=Verdict.SKIP)]) == []


def test_the_figure_is_linear_above_and_logarithmic_below() -> None:
    odd = rate(potential="a $ name", details={**rate().details})
    (group,) = learning_groups(RunRecord(), [rate("energy"), rate(), odd])
    with drawing():
        figure = draw_learning(group)
        first = svg_bytes(figure)
        assert first == svg_bytes(draw_learning(group))
    scales = [axes.get_yscale() for axes in figure.axes]
    assert scales == ["linear", "log", "linear", "log"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["threshold of the error", "mace", r"a \$ name"]
