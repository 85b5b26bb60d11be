from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import UsageError
from ms25_suite.core.sealed import sealed_json, unseal_json
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.committee.members import find_committees, not_asked
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.potentials.spec import PotentialSpec, parse_specs
from tests.unit.criteria.training_rate.test_series import model


def files(folder: Path, *names: str, architecture: str = "mace") -> list[PotentialSpec]:
    """Model files without a sidecar."""
    return [
        PotentialSpec(name, "model", Path(name).stem, architecture, folder / name) for name in names
    ]


def changed(spec: PotentialSpec, **changes: object) -> PotentialSpec:
    assert spec.path is not None
    sidecar = spec.path.with_name(f"{spec.path.name}.json")
    found = unseal_json(json.loads(sidecar.read_text()), "the sidecar")
    found["recipe"] = {"lr": 0.01, "seed": 3}
    for key, value in changes.items():
        (found["data"] if key in ("n_train", "set", "sha256") else found)[key] = value
    sidecar.write_text(sealed_json(found))
    return spec


@pytest.mark.parametrize(
    ("texts", "name", "members"),
    [
        (["train:mace:seed=0..3"], "mace", 4),
        (["train:mace:set=1..3"], "mace", 3),
        (["train:mace", "train:mace:seed=1", "train:mace:seed=2,set=2"], "mace", 3),
        (["train:ani:n=50,seed=0..2"], "ani-n50", 3),
        (["train:ani:seed=0..2,n=50", "train:ani:n=50,seed=3"], "ani-n50", 4),
    ],
)
def test_potentials_to_train_differ_in_seed_or_set_only(
    texts: list[str], name: str, members: int
) -> None:
    (committee,) = find_committees(parse_specs(texts))
    assert (committee.name, committee.missing_reason) == (name, "")
    assert len(committee.specs) == members


def test_other_trainings_are_other_committees() -> None:
    texts = ["train:mace:seed=0..2", "train:mace:n=50,seed=0..1", "train:ani:seed=0..2"]
    mace, small, ani = find_committees(parse_specs(texts))
    assert (mace.architecture, ani.architecture) == ("mace", "ani")
    assert not mace.missing_reason
    assert not ani.missing_reason
    assert "mace-n50-seed0 and mace-n50-seed1 are 2 potentials" in small.missing_reason


def test_one_training_by_two_names_is_no_second_member() -> None:
    texts = ["train:mace", "train:mace:seed=0", "train:mace:seed=1", "train:mace:seed=2"]
    (committee,) = find_committees(parse_specs(texts))
    assert "--mlip=train:mace and --mlip=train:mace:seed=0 are the same training" in (
        committee.missing_reason
    )


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["a_0.model", "a_1.model", "a_10.model"], "a"),
        (["mace-seed1.pt", "mace-seed2.pt", "mace-seed3.pt"], "mace-seed"),
        (["m1.model", "m2.model", "m3.model"], "m"),
        (["1.model", "2.model", "3.model"], "mace"),
    ],
)
def test_files_whose_names_end_in_a_number_are_a_committee(
    tmp_path: Path, names: list[str], label: str
) -> None:
    (committee,) = find_committees(files(tmp_path, *names))
    assert (committee.name, committee.missing_reason) == (label, "")


@pytest.mark.parametrize(
    "names",
    [
        ["mace-n50.model", "mace-n100.model", "mace-n200.model"],
        ["mace_epoch-10.model", "mace_epoch-20.model", "mace_epoch-30.model"],
        ["mp_v1.model", "mp_v2.model", "mp_v3.model"],
        ["small.model", "medium.model", "large.model"],
    ],
)
def test_files_that_differ_in_something_else_are_none(tmp_path: Path, names: list[str]) -> None:
    committees = find_committees(files(tmp_path, *names))
    assert len(committees) == 3
    assert all("is 1 potential" in committee.missing_reason for committee in committees)


def test_files_of_several_architectures_are_no_committee(tmp_path: Path) -> None:
    specs = [
        *files(tmp_path, "a_0.pt", "a_1.pt", "a_2.pt"),
        *files(tmp_path, "a_3.pt", architecture="ani"),
    ]
    (committee,) = find_committees(specs)
    assert "a_3 (ani) have one name and different architectures" in committee.missing_reason


def test_sidecars_say_more_than_names(tmp_path: Path) -> None:
    specs = [
        changed(model(tmp_path, name, 100), seed=k, set=k + 1)
        for k, name in enumerate(("first", "second", "third"))
    ]
    other = changed(model(tmp_path, "third_1", 50))
    slow = changed(model(tmp_path, "third_2", 100), recipe={"lr": 0.001, "seed": 3})
    committee, *alone = find_committees([*specs, other, slow])
    assert (committee.name, committee.missing_reason) == ("mace-hea-n100-smoke", "")
    assert [spec.name for spec in committee.specs] == ["first", "second", "third"]
    assert all(one.missing_reason for one in alone)


def test_calculators_are_members_and_other_potentials_are_not(tmp_path: Path) -> None:
    for k in range(3):
        (tmp_path / f"calc_{k}.py").write_text("")
    texts = [str(tmp_path / "calc_*.py"), "reference", "baseline:mean", "ase.calculators.emt:EMT"]
    committee, *alone = find_committees(parse_specs(texts))
    assert (committee.name, committee.architecture) == ("calc", "ase")
    assert [one.name for one in alone] == ["reference", "baseline-mean", "ase.calculators.emt.EMT"]
    hea = open_dataset("hea")
    assert not_asked(Case(hea, committee)) is None
    answer = not_asked(Case(hea, alone[0]))
    assert isinstance(answer, NotAsked)
    assert "at least 3 potentials" in answer.reason
    assert "train:mace:seed=0..3" in answer.reason


def test_a_committee_that_is_named_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        parse_specs(["train:mace:seed=0..3", "train:mace:seed=2"])
