from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, wanted
from ms25_suite.campaign.paper.rates import error_place
from ms25_suite.core.results import Verdict
from tests.helpers.campaign_results import (
    make_results,
    make_run,
    outcomes_of,
    write_campaign,
    write_run,
)

PLACE = error_place("cha", "forces")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("campaign")
    return write_campaign(
        folder, datasets=["cha"], architectures=["mace", "ani"], sizes=[50, 100], sets=(1, 2)
    )


@pytest.fixture(scope="module")
def outcomes(paths: list[Path]) -> Outcomes:
    plan: dict[str, object] = {
        "datasets": ["hea", "cha"],
        "architectures": ["mace", "mtp"],
        "sizes": [50, 100, 200],
        "tasks": [
            {
                "dataset": "cha",
                "architecture": "mtp",
                "n": 50,
                "set": 1,
                "state": "failed",
                "reason": "no memory",
            },
            {"dataset": "cha", "architecture": "mtp", "n": 100, "set": 1, "state": "running"},
        ],
    }
    return outcomes_of(paths, plan)


def variant(outcomes: Outcomes, label: str):
    return next(one for one in outcomes.variants if one.label == label)


def test_what_was_planned_or_judged_has_its_place(outcomes: Outcomes) -> None:
    assert outcomes.datasets == ["cha", "hea"]
    assert [one.label for one in outcomes.variants] == ["MACE", "MTP", "ANI"]
    assert outcomes.sizes("cha") == outcomes.sizes("hea") == [50, 100, 200]
    assert outcomes.sets == [1, 2]
    assert outcomes.tested("framework_transfer", "cha") == ["fau", "lta", "mfi"]
    assert outcomes.stand_ins == {"cha", "fau", "lta", "mfi"}


def test_a_number_is_that_of_its_training(outcomes: Outcomes) -> None:
    expected = next(
        one for one in make_results("cha", "ani", 100, 2) if one.quantity == "forces"
    ).value
    assert outcomes.reading(PLACE, variant(outcomes, "ANI"), 100, 2).value == expected


def test_all_sets_are_a_mean_with_a_range(outcomes: Outcomes) -> None:
    mace = variant(outcomes, "MACE")
    both = outcomes.reading(PLACE, mace, 50, ALL_SETS)
    singles = [outcomes.reading(PLACE, mace, 50, number).value for number in (1, 2)]
    assert both.value == pytest.approx(sum(filter(None, singles)) / 2)
    assert both.interval == (min(filter(None, singles)), max(filter(None, singles)))


@pytest.mark.parametrize(
    ("label", "n", "sign", "reason"),
    [
        ("MTP", 50, "!", "training failed: no memory"),
        ("MTP", 100, "·", "running: no result yet"),
        ("MTP", 200, "·", "not run"),
        ("MACE", 200, "·", "not run"),
    ],
)
def test_what_is_absent_says_why(
    outcomes: Outcomes, label: str, n: int, sign: str, reason: str
) -> None:
    reading = outcomes.reading(PLACE, variant(outcomes, label), n, 1)
    assert (reading.value, reading.sign, reading.reason) == (None, sign, reason)


def test_a_failed_check_says_why_for_all_its_quantities(tmp_path: Path) -> None:
    results = make_results("cha", "mace", 50)
    failed = [
        one
        for one in results[:1]
        for one in [
            type(one)(
                criterion="error_thresholds",
                dataset="cha",
                test_dataset="cha",
                potential=one.potential,
                quantity="",
                metric="mae",
                architecture="mace",
                verdict=Verdict.ERROR,
                reason="TrainingError: the loss is not finite",
            )
        ]
    ]
    path = write_run(tmp_path, make_run("cha", "mace", 50), failed)
    found = outcomes_of([path])
    for quantity in ("energy", "forces"):
        reading = found.reading(error_place("cha", quantity), found.variants[0], 50, 1)
        assert (reading.sign, reading.reason) == ("!", "TrainingError: the loss is not finite")


def test_seeds_of_a_set_are_averaged(tmp_path: Path) -> None:
    paths = write_campaign(
        tmp_path, datasets=["hea"], architectures=["ani"], sizes=[50], seeds=(0, 1, 2)
    )
    found = outcomes_of(paths)
    reading = found.reading(error_place("hea", "forces"), found.variants[0], 50, 1)
    assert len(reading.values) == 3


def test_only_what_a_figure_shows_is_read() -> None:
    result = make_results("cha", "mace", 50)[0].to_dict()
    assert wanted(result)
    assert not wanted(result | {"criterion": "smoothness"})
    assert not wanted(result | {"quantity": "forces_by_size", "metric": "part"})
    assert not wanted(result | {"metric": "rmse"})
    assert wanted(result | {"quantity": "", "value": None})
