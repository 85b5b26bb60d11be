from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.training_rate.curves import LearningGroup, learning_groups
from tests.helpers.details import rate_details


def rate(quantity: str = "forces", **changes: Any) -> CheckResult:
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
        "details": rate_details(),
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


def groups(*results: CheckResult) -> list[LearningGroup]:
    return learning_groups(RunRecord(), results)


def test_a_curve_has_its_number_of_frames() -> None:
    (group,) = groups(rate(), needed())
    (curve,) = group.curves
    assert (curve.rate, curve.points.sizes) == (0.5, (50, 100, 200))
    assert curve.needed is not None
    assert curve.needed.value == 421.0
    other = needed(dataset="cha", test_dataset="cha")
    assert groups(rate(), other)[0].curves[0].needed is None


def test_datasets_are_groups_of_their_own() -> None:
    first, second = groups(
        rate(), rate("energy"), rate(potential="ani"), rate(test_dataset="cha", stand_in=True)
    )
    assert (first.label, second.label) == ("hea", "hea → cha")
    assert (first.stand_in, second.stand_in) == (False, True)
    assert {name: len(own) for name, own in first.by_quantity.items()} == {"energy": 1, "forces": 2}


def test_the_paper_has_rates_of_its_systems() -> None:
    (group,) = groups(rate())
    assert group.paper is not None
    assert group.paper.title == "HEA"


@pytest.mark.parametrize("changes", [{"dataset": "cuni", "tier": "mini"}, {"tier": "user"}])
def test_the_paper_has_no_rates_of_other_peoples_data(changes: dict[str, Any]) -> None:
    (group,) = groups(rate(**changes))
    assert group.paper is None


def test_a_tier_that_a_result_lacks_is_that_of_the_run() -> None:
    run = RunRecord(datasets=(DatasetRecord(name="hea", tier="published"),))
    (group,) = learning_groups(run, [rate(tier="")])
    assert group.paper is not None
    assert groups(rate(tier=""))[0].paper is None


@pytest.mark.parametrize(
    "result",
    [
        rate(value=None, verdict=Verdict.SKIP),
        rate(metric="mae"),
        rate(details={}),
        rate(details={"learning_curve": 3, "fit": 4}),
        rate(details=rate_details(mae=[1.0])),
        rate(details=rate_details() | {"fit": {"intercept": None, "r2": 1.0}}),
        rate("volume"),
    ],
)
def test_what_is_no_whole_curve_is_left_out(result: CheckResult) -> None:
    assert groups(result) == []
