from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.campaign.paper.observed import OBSERVABLES, Observed, observed
from ms25_suite.campaign.paper.outcomes import ALL_SETS
from ms25_suite.core.results import CheckResult, Verdict
from tests.helpers.campaign_results import make_results, make_run, outcomes_of, write_run


def of(tmp_path: Path, dataset: str, n: int, **changes: object) -> tuple[Observed, CheckResult]:
    place = OBSERVABLES[dataset]
    results = [
        replace(one, **changes) if one.quantity == place.quantity else one  # type: ignore[arg-type]
        for one in make_results(dataset, "mace", n)
    ]
    path = write_run(tmp_path / dataset, make_run(dataset, "mace", n), results)
    outcomes = outcomes_of([path])
    result = next(one for one in results if one.quantity == place.quantity)
    return observed(outcomes, place, outcomes.variants[0], n, 1), result


def test_a_single_structure_keeps_its_sign(tmp_path: Path) -> None:
    found, result = of(tmp_path, "cha", 50)
    error = result.details["eos"]["curves"][0]["error"]
    assert found.reading.value == error
    assert abs(error) == result.value
    assert not found.open


def test_the_sizes_of_the_errors_of_several_do_not_cancel(tmp_path: Path) -> None:
    found, result = of(tmp_path, "hea", 100)
    assert found.reading.value == result.value
    assert found.reference == pytest.approx(3.55)
    assert not found.open


def test_curves_without_a_minimum_make_it_open(tmp_path: Path) -> None:
    found, _ = of(tmp_path, "hea", 50)
    assert found.open


def test_an_unconverged_band_is_open_at_its_highest_point(tmp_path: Path) -> None:
    found, result = of(tmp_path, "reaction", 400)
    assert result.value is None
    assert found.open
    assert found.reading.value == pytest.approx(result.details["neb"]["barrier"] - 0.74)
    assert "not converged" in found.reading.reason


def test_no_band_has_a_reason_and_the_reference(tmp_path: Path) -> None:
    details = {"neb": dict(make_results("reaction", "mace", 50)[-2].details["neb"])}
    details["neb"] |= {"barrier": None, "lengths": None, "energies": None, "converged": False}
    found, _ = of(
        tmp_path,
        "reaction",
        50,
        value=None,
        verdict=Verdict.FAIL,
        reason="the final state is no minimum",
        details=details,
    )
    assert (found.reading.value, found.reading.sign) == (None, "✗")
    assert found.reading.reason == "the final state is no minimum"
    assert found.reference == 0.74


def test_all_sets_are_open_if_one_is(tmp_path: Path) -> None:
    place = OBSERVABLES["reaction"]
    paths = []
    for number, n_made in ((1, 50), (2, 400)):
        run = make_run("reaction", "mace", 50, number)
        record = run.potentials[0]
        results = [
            replace(one, potential=record.name, potential_sha256=record.sha256 or "")
            for one in make_results("reaction", "mace", n_made, number)
        ]
        paths.append(write_run(tmp_path / str(number), run, results))
    outcomes = outcomes_of(paths)
    found = observed(outcomes, place, outcomes.variants[0], 50, ALL_SETS)
    assert found.open
    assert len(found.reading.values) == 2
