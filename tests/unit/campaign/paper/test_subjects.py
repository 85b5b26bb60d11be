from __future__ import annotations

from dataclasses import replace

from ms25_suite.campaign.paper.subjects import Subjects
from ms25_suite.core.records import PotentialRecord, RunRecord
from tests.helpers.campaign_results import make_results, make_run
from tests.helpers.reports import make_result


def test_a_training_has_size_set_and_seed() -> None:
    run, results = make_run("cha", "mace", 50, 2, 3), make_results("cha", "mace", 50, 2, 3)
    subject = Subjects(run, results).of(results[0])
    assert (subject.variant.label, subject.n, subject.set, subject.seed) == ("MACE", 50, 2, 3)


def test_a_failed_training_is_known_by_what_was_asked() -> None:
    record = PotentialRecord(name="mace-n50", spec="train:mace:n=50,set=2", architecture="mace")
    result = make_result(potential="mace-n50", dataset="cha", test_dataset="cha")
    subject = Subjects(RunRecord(potentials=(record,)), [result]).of(result)
    assert (subject.variant.label, subject.n, subject.set, subject.seed) == ("MACE", 50, 2, 0)


def test_architectures_stand_in_one_order_also_without_results() -> None:
    run, results = make_run("cha", "mtp", 50), make_results("cha", "mtp", 50)
    subjects = Subjects(run, results, ["ani", "mace", "newnet"])
    assert [one.label for one in subjects.variants] == ["MACE", "MTP", "ANI", "newnet"]


def test_a_given_potential_has_its_name_and_comes_last() -> None:
    result = make_result(potential="model", architecture="mace")
    mixed = [*make_results("cha", "ani", 50), result]
    subjects = Subjects(make_run("cha", "ani", 50), mixed)
    assert [(one.label, one.trained) for one in subjects.variants] == [
        ("ANI", True),
        ("model", False),
    ]
    assert subjects.of(result).n is None


def test_a_given_potential_named_like_an_architecture_is_told_apart() -> None:
    result = make_result(potential="ANI", architecture="ani")
    mixed = [*make_results("cha", "ani", 50), result]
    subjects = Subjects(make_run("cha", "ani", 50), mixed)
    assert [one.label for one in subjects.variants] == ["ANI", "ANI (given)"]


def test_budgets_are_never_mixed() -> None:
    run, results = make_run("cha", "mace", 50), make_results("cha", "mace", 50)
    (record,) = run.potentials
    assert record.trained_on is not None
    other = replace(
        record,
        name="paper",
        sha256="b" * 64,
        trained_on=replace(record.trained_on, budget="paper"),
    )
    again = [replace(one, potential="paper", potential_sha256="b" * 64) for one in results]
    both = replace(run, potentials=(record, other))
    subjects = Subjects(both, [*results, *again])
    assert [one.label for one in subjects.variants] == ["MACE (paper)", "MACE (smoke)"]
    assert subjects.of(again[0]).variant.label == "MACE (paper)"


def test_a_model_of_another_dataset_is_no_point_of_a_curve() -> None:
    run = make_run("cha", "mace", 50)
    name, sha = run.potentials[0].name, run.potentials[0].sha256 or ""
    result = make_result(
        potential=name, potential_sha256=sha, dataset="hea", test_dataset="hea", architecture="mace"
    )
    subject = Subjects(run, [result]).of(result)
    assert not subject.variant.trained
