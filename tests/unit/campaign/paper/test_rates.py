from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes
from ms25_suite.campaign.paper.rates import Curve, curve_of
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.training_rate.details import LearningCurveDetails, RateFitDetails
from tests.helpers.campaign_results import make_results, make_run, outcomes_of, write_run

SIZES = (50, 100, 200, 400)


def written(tmp_path: Path, rates: dict[int, float], sizes: tuple[int, ...] = SIZES) -> Outcomes:
    """Exact power laws, a set each."""
    paths = []
    for number, rate in rates.items():
        for n in sizes:
            value = 100.0 * n**-rate
            results = [
                replace(one, value=value, interval=(0.9 * value, value / 0.9))
                for one in make_results("cha", "mace", n, number)
                if one.quantity == "forces" and one.criterion == "error_thresholds"
            ]
            run = make_run("cha", "mace", n, number)
            paths.append(write_run(tmp_path / f"{number}-{n}", run, results))
    return outcomes_of(paths)


def curve(outcomes: Outcomes, number: int) -> Curve:
    found = curve_of(outcomes, "cha", "forces", outcomes.variants[0], number)
    assert found is not None
    return found


def test_the_line_of_an_exact_power_law(tmp_path: Path) -> None:
    line = curve(written(tmp_path, {1: 0.5}), 1).line
    assert line is not None
    assert line.rate == pytest.approx(0.5)
    assert line.at(1.0) == pytest.approx(100.0)
    assert line.r2 == pytest.approx(1.0)
    # No scatter: what is left is the intervals of the errors, ± 10 %, taken as independent.
    u = [math.log(n) for n in SIZES]
    sxx = sum((x - sum(u) / len(u)) ** 2 for x in u)
    assert line.interval is not None
    assert (line.interval[1] - line.interval[0]) / 2 == pytest.approx(
        -math.log(0.9) / math.sqrt(sxx), rel=1e-6
    )


def test_all_sets_have_the_mean_and_the_range_of_their_rates(tmp_path: Path) -> None:
    line = curve(written(tmp_path, {1: 0.2, 2: 0.3, 3: 0.7}), ALL_SETS).line
    assert line is not None
    assert line.rate == pytest.approx(0.4)
    assert line.interval == pytest.approx((0.2, 0.7))
    assert line.rates == pytest.approx((0.2, 0.3, 0.7))


def test_a_set_without_a_line_is_named(tmp_path: Path) -> None:
    full = written(tmp_path, {1: 0.2})
    assert curve(full, ALL_SETS).reason == ""
    run, results = make_run("cha", "mace", 50, 2), make_results("cha", "mace", 50, 2)
    more = write_run(tmp_path / "2-50", run, results)
    two = outcomes_of([*sorted(tmp_path.glob("1-*/results.json")), more])
    found = curve(two, ALL_SETS)
    assert found.line is not None
    assert found.line.rates == pytest.approx((0.2,))
    assert found.reason == "set 2: errors at 50 training frames; a rate needs 3 sizes"


def test_two_sizes_have_no_line_and_say_so(tmp_path: Path) -> None:
    found = curve(written(tmp_path, {1: 0.5}, (50, 100)), 1)
    assert found.line is None
    assert found.reason == "errors at 50, 100 training frames; a rate needs 3 sizes"


def test_a_rate_that_a_run_recorded_is_taken(tmp_path: Path) -> None:
    outcomes = written(tmp_path, {1: 0.5})
    members = tuple(make_run("cha", "mace", n).potentials[0].name for n in SIZES)
    points = LearningCurveDetails(
        sizes=SIZES,
        mae=tuple(100.0 * n**-0.5 for n in SIZES),
        intervals=(None,) * len(SIZES),
        unit="meV/Å",
        potentials=members,
        threshold=None,
    )
    fit = RateFitDetails(math.log(100.0), 0.99, 0.01, 0.02)
    recorded = CheckResult(
        criterion="training_rate",
        dataset="cha",
        test_dataset="cha",
        potential="mace-set1",
        quantity="forces",
        metric="rate",
        value=0.5,
        interval=(0.45, 0.55),
        unit="1",
        details={"learning_curve": points.to_dict(), "fit": fit.to_dict()},
    )
    outcomes.series.append(recorded)
    line = curve(outcomes, 1).line
    assert line is not None
    assert line.interval == (0.45, 0.55)
    # That of other potentials is not.
    outcomes.series[0] = replace(
        recorded,
        details={"learning_curve": replace(points, sizes=(1, 2, 3, 4)).to_dict()},
    )
    line = curve(outcomes, 1).line
    assert line is not None
    assert line.interval != (0.45, 0.55)
