from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.throughput.points import pareto_points, size_curves, speed_points
from tests.helpers.details import size_cost_details, throughput_details


def result(**changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "criterion": "throughput",
        "dataset": "hea",
        "test_dataset": "hea",
        "potential": "mace",
        "quantity": "katoms_per_s",
        "metric": "measurement",
        "unit": "kAtoms/s",
    }
    return CheckResult(**(values | changes))


def speed(value: float | None = 2.0, potential: str = "mace", **changes: Any) -> CheckResult:
    details = throughput_details(value or 2.0, **changes.pop("also", {}))
    fields = {
        "value": value,
        "interval": None if value is None else (0.9 * value, 1.1 * value),
        "potential": potential,
        "details": details,
    }
    return result(**(fields | changes))


def forces(value: float | None, potential: str = "mace", **changes: Any) -> CheckResult:
    fields = {
        "criterion": "error_thresholds",
        "quantity": "forces",
        "metric": "mae",
        "unit": "meV/Å",
        "value": value,
        "potential": potential,
    }
    return result(**(fields | changes))


def size_cost(**changes: Any) -> CheckResult:
    details = size_cost_details(**changes.pop("also", {}))
    fields = {
        "quantity": "size_exponent",
        "unit": "1",
        "value": 1.0,
        "interval": (0.9, 1.1),
        "details": details,
    }
    return result(**(fields | changes))


NOISY = speed(None, "noisy", verdict=Verdict.UNDECIDED, reason="too noisy")
REFUSED = speed(None, "refused", verdict=Verdict.FAIL, reason="speed not reported: …")


def test_a_noisy_speed_is_a_point_and_a_refused_one_is_none() -> None:
    (point,) = speed_points([NOISY, REFUSED])
    assert (point.result.potential, point.label) == ("noisy", "hea")
    assert point.details.quartiles == pytest.approx((1.9, 2.1))


@pytest.mark.parametrize(
    "broken",
    [
        speed(details={}),
        speed(details={"throughput": 3}),
        speed(also={"quartiles": [1.0]}),
        speed(value=-1.0, also={"quartiles": [1.0, 2.0]}),
        speed(criterion="eos"),
        speed(quantity="katoms_per_s_500"),
    ],
)
def test_what_is_no_speed_is_left_out(broken: CheckResult) -> None:
    assert speed_points([broken]) == []


def test_the_front_is_what_nothing_beats() -> None:
    results = [
        *(speed(4.0, "fast"), forces(50.0, "fast")),
        *(speed(2.0, "fine"), forces(10.0, "fine")),
        *(speed(1.0, "slow and coarse"), forces(60.0, "slow and coarse")),
        *(speed(2.0, "as fast as fine"), forces(20.0, "as fast as fine")),
        *(speed(2.0, "twin of fine"), forces(10.0, "twin of fine")),
        *(speed(9.0, "no error known"), NOISY, forces(1.0, "noisy"), forces(None, "refused")),
        *(speed(1.0, dataset="cha", test_dataset="cha"), forces(5.0)),
    ]
    groups = pareto_points(speed_points(results), results)
    assert list(groups) == ["hea"]
    assert {point.speed.result.potential: point.best for point in groups["hea"]} == {
        "fast": True,
        "fine": True,
        "slow and coarse": False,
        "as fast as fine": False,
        "twin of fine": True,
    }


def test_differences_of_two_methods_are_no_accuracy() -> None:
    results = [speed(4.0, "a"), forces(50.0, "a", incomparable=True), speed(1.0, "b")]
    assert pareto_points(speed_points(results), results) == {}
    results.append(forces(20.0, "b"))
    (point,) = pareto_points(speed_points(results), results)["hea"]
    assert point.speed.result.potential == "b"


def test_sizes_are_grouped_by_dataset() -> None:
    groups = size_curves([size_cost(), speed(), size_cost(dataset="cha", test_dataset="cha")])
    assert list(groups) == ["hea", "cha"]
    (curve,) = groups["hea"]
    assert (curve.exponent, curve.cost.too_large) == (1.0, 864)


@pytest.mark.parametrize(
    "broken", [size_cost(value=None), size_cost(also={"n_atoms": [108]}), size_cost(criterion="a")]
)
def test_what_is_no_whole_curve_is_left_out(broken: CheckResult) -> None:
    assert size_curves([broken]) == {}
