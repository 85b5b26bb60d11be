from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.details import details_of
from ms25_suite.core.errors import DatasetError, NotJudgedError
from ms25_suite.core.frames import Predictions
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold, Thresholds
from ms25_suite.criteria.committee import CRITERION
from ms25_suite.criteria.committee.details import KEY, CommitteeDetails
from ms25_suite.criteria.committee.measure import COMMITTEE_QUANTITIES, measure_committee
from ms25_suite.criteria.committee.predictions import (
    CommitteePredictions,
    OpenCommittee,
    predict_committee,
)
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.datasets.dataset import Dataset
from tests.helpers.committees import Kind, draws
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

N_FRAMES = 120

MARKS = {
    name: mark
    for name in CRITERION.measures
    if (mark := Thresholds.default().get("committee", "standard", name)) is not None
}


@pytest.fixture(scope="module")
def alloy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("data"), n=N_FRAMES)


@pytest.fixture(scope="module")
def compared(alloy: Dataset) -> ComparedFrames:
    return HeldOutPredictions()(InProcess(), alloy)


def committee(
    compared: ComparedFrames, forces: Kind = "calibrated", energy: Kind = "calibrated", **sizes: Any
) -> CommitteePredictions:
    """Members whose errors are those of `tests.helpers.committees`."""
    atoms = draws(forces, n_frames=N_FRAMES, n_atoms=4, **sizes)
    frames = draws(energy, n_frames=N_FRAMES, n_atoms=1, width=1, **sizes)
    members = {
        f"m{index}": replace(
            compared,
            predictions=Predictions(
                np.array(compared.labels.energy) + 4 * 0.1 * off_energy[:, 0],
                np.array(compared.labels.forces) + off_forces,
                compared.predictions.stress,
            ),
        )
        for index, (off_forces, off_energy) in enumerate(
            zip(atoms[0] - atoms[1], frames[0] - frames[1], strict=True)
        )
    }
    return CommitteePredictions(OpenCommittee("mace", {}), members)


def recorded(
    predictions: CommitteePredictions, folder: Path, marks: dict[str, Threshold] = MARKS
) -> dict[str, CheckResult]:
    recorder = make_recorder(CRITERION, folder, marks)
    for judged in COMMITTEE_QUANTITIES:
        measure_committee(predictions, judged).record(recorder)
    return {result.quantity: result for result in recorder.results}


def verdicts(found: dict[str, CheckResult]) -> dict[str, Verdict | None]:
    return {name: found[name].verdict for name in COMMITTEE_QUANTITIES}


def test_a_calibrated_committee_passes(compared: ComparedFrames, tmp_path: Path) -> None:
    found = recorded(committee(compared, n_members=6), tmp_path)
    assert set(verdicts(found).values()) == {Verdict.PASS}
    assert set(found) == set(CRITERION.measures)
    assert found["forces_overconfidence"].value == pytest.approx(1.0, abs=0.15)
    assert found["forces_coverage"].value == pytest.approx(95, abs=3)
    assert found["forces_likelihood"].value > 0.1
    assert found["forces_averaging"].value < 0.9
    assert found["forces_warning"].n_frames == N_FRAMES
    details = details_of(found["forces_warning"], KEY, CommitteeDetails)
    assert details is not None
    assert details.members == tuple(f"m{k}" for k in range(6))
    # In meV/Å, from widths around 50.
    assert 10 < details.expected[0] < 60 < details.expected[-1] < 500
    assert f"for errors like the members' own deviations {details.foretold:.2f}" in (
        found["forces_warning"].reason
    )


def test_over_confidence_fails_though_the_warning_is_right(
    compared: ComparedFrames, tmp_path: Path
) -> None:
    found = recorded(committee(compared, "over-confident", "over-confident"), tmp_path)
    assert verdicts(found) == {
        "energy_warning": Verdict.PASS,
        "energy_overconfidence": Verdict.FAIL,
        "forces_warning": Verdict.PASS,
        "forces_overconfidence": Verdict.FAIL,
    }
    assert found["forces_overconfidence"].value == pytest.approx(4.5, rel=0.15)


@pytest.mark.parametrize("kind", ["unrelated", "blind"])
def test_a_spread_that_is_unrelated_to_the_error_fails(
    compared: ComparedFrames, tmp_path: Path, kind: Kind
) -> None:
    found = recorded(committee(compared, kind, n_members=8), tmp_path)
    assert found["forces_warning"].verdict is Verdict.FAIL
    # Of the right size on average, and at the wrong atoms.
    assert found["forces_overconfidence"].verdict is Verdict.PASS
    if kind == "unrelated":
        assert "half of what the members foretell" in found["forces_warning"].threshold_source
        assert found["forces_warning"].threshold == pytest.approx(0.70, abs=0.04)


def test_where_all_errors_are_of_one_size_there_is_nothing_to_warn_of(
    compared: ComparedFrames, tmp_path: Path
) -> None:
    found = recorded(committee(compared, vary=0.0), tmp_path)["forces_warning"]
    assert found.verdict is Verdict.UNDECIDED
    assert found.value == pytest.approx(0.5, abs=0.08)
    if found.interval is not None and found.interval[1] < 0.6:
        assert found.reason.startswith("there is little to warn of")


def test_identical_members_fail(compared: ComparedFrames, tmp_path: Path) -> None:
    one = committee(compared)
    same = replace(one, members=dict.fromkeys(one.members, one.members["m0"]))
    found = recorded(same, tmp_path)
    assert set(verdicts(found).values()) == {Verdict.FAIL}
    assert "m0 and m1 predict exactly the same forces" in found["forces_warning"].reason
    # Two of four that are one potential.
    pair = replace(one, members=one.members | {"m3": one.members["m1"]})
    assert "m1 and m3 predict" in recorded(pair, tmp_path)["energy_warning"].reason


def test_members_that_differ_by_rounding_are_over_confident(
    compared: ComparedFrames, tmp_path: Path
) -> None:
    one = committee(compared)
    rng = np.random.default_rng(0)
    base = one.members["m0"].predictions
    members = {
        name: replace(
            member,
            predictions=replace(base, forces=base.forces * (1 + 1e-7 * rng.normal())),
        )
        for name, member in one.members.items()
    }
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_committee(replace(one, members=members), "forces_overconfidence").record(recorder)
    assert recorder.results[0].verdict is Verdict.FAIL
    assert recorder.results[0].value > 1e4


def test_a_careful_committee_is_told_and_passes(compared: ComparedFrames, tmp_path: Path) -> None:
    one = committee(compared)
    mean = np.mean([m.predictions.forces for m in one.members.values()], axis=0)
    members = {
        name: replace(
            m,
            predictions=replace(m.predictions, forces=mean + 5 * (m.predictions.forces - mean)),
        )
        for name, m in one.members.items()
    }
    found = recorded(replace(one, members=members), tmp_path)["forces_overconfidence"]
    assert found.verdict is Verdict.PASS
    assert "under-confident: the spread is more than twice as large" in found.reason


def test_without_a_threshold_the_numbers_are_measured(
    compared: ComparedFrames, tmp_path: Path
) -> None:
    found = recorded(committee(compared), tmp_path, {})
    assert {result.verdict for result in found.values()} == {None}


def test_a_stricter_threshold_of_the_user_holds(compared: ComparedFrames, tmp_path: Path) -> None:
    strict = replace(MARKS["forces_warning"], value=0.99, source="mine")
    found = recorded(committee(compared), tmp_path, MARKS | {"forces_warning": strict})
    assert found["forces_warning"].verdict is Verdict.FAIL
    assert (found["forces_warning"].threshold, found["forces_warning"].threshold_source) == (
        0.99,
        "mine",
    )


def test_few_frames_are_not_judged(tmp_path: Path) -> None:
    few = open_crystals(tmp_path, n=9)
    member = HeldOutPredictions()(InProcess(), few)
    forces = np.array(member.predictions.forces)
    members = {
        f"m{k}": replace(member, predictions=replace(member.predictions, forces=forces * (1 + k)))
        for k in range(3)
    }
    with pytest.raises(NotJudgedError, match=r"9 test frames .* too few .* expected 10"):
        measure_committee(CommitteePredictions(OpenCommittee("x", {}), members), "forces_warning")


def test_a_member_without_energies_is_named_as_missing(compared: ComparedFrames) -> None:
    one = committee(compared)
    bare = replace(one.members["m2"], predictions=replace(compared.predictions, energy=None))
    with pytest.raises(NotJudgedError, match="predicts no energy"):
        measure_committee(replace(one, members=one.members | {"m2": bare}), "energy_warning")


def test_frames_that_a_member_has_seen_are_left_out(
    alloy: Dataset, compared: ComparedFrames
) -> None:
    seen = {"a": range(100), "b": range(20, 120), "c": range(120)}
    opened = OpenCommittee("mace", {name: InProcess(name=name) for name in seen})

    def predict(potential: Any, dataset: Dataset) -> ComparedFrames:
        assert dataset is alloy
        return compared.only(np.array(seen[potential.name]))

    found = predict_committee(opened, alloy, predict)
    assert {len(member.frames) for member in found.members.values()} == {80}
    assert found.remarks[0].message == "80 of 120 test frames are unseen by all 3 members"
    seen["b"] = range(100, 120)
    with pytest.raises(DatasetError, match="no test frame of cuni is unseen by all members of"):
        predict_committee(opened, alloy, predict)
