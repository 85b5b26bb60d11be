from __future__ import annotations

from itertools import permutations
from typing import Any

from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.merging.merge import merge_results, merge_runs
from ms25_suite.report.merging.namesakes import Part, tell_apart
from tests.helpers.reports import make_result

A, B, C = "a" * 64, "b" * 64, "c" * 64


def one(
    run: str, sha256: str, *, path: str = "", name: str = "model", data: str = A, **more: Any
) -> Part:
    """A run of one potential on one dataset, with one result."""
    record = PotentialRecord(name=name, sha256=sha256, path=path, **more)
    dataset = DatasetRecord(name="hea", sha256=data)
    return RunRecord(id=run, potentials=(record,), datasets=(dataset,)), [
        make_result(potential=name, potential_sha256=sha256, dataset="hea", test_dataset="hea")
    ]


def names(parts: list[Part]) -> list[str]:
    return [result.potential for _, results in parts for result in results]


def merged(parts: list[Part]) -> Part:
    apart = tell_apart(parts)
    results: list[CheckResult] = [result for _, found in apart for result in found]
    return merge_runs([run for run, _ in apart]), merge_results(results)


def test_files_of_one_name_are_told_apart_by_their_folder() -> None:
    parts = [one("1", A, path="/x/runA/model.model"), one("2", B, path="/x/runB/model.model")]
    run, results = merged(parts)
    assert [result.potential for result in results] == ["runA/model", "runB/model"]
    assert [potential.name for potential in run.potentials] == ["runA/model", "runB/model"]


def test_a_file_that_was_changed_is_told_apart_by_its_hash() -> None:
    parts = [one("1", A, path="/x/model.model"), one("2", B, path="/x/model.model")]
    assert names(tell_apart(parts)) == ["model@aaaaaaaa", "model@bbbbbbbb"]


def test_the_same_file_is_one_potential() -> None:
    parts = [one("1", A, path="/x/runA/model.model"), one("2", A, path="/y/copy/model.model")]
    run, results = merged(parts)
    assert [result.potential for result in results] == ["model"]
    assert len(run.potentials) == 1


def test_no_order_of_three_runs_loses_one() -> None:
    parts = [
        one("1", A, path="/x/runA/model.model"),
        one("2", B, path="/x/runB/model.model"),
        one("3", C, path="/x/runB/model.model"),
    ]
    for order in permutations(parts):
        _, results = merged(list(order))
        assert {result.potential_sha256 for result in results} == {A, B, C}
        assert len({result.potential for result in results}) == 3


def test_a_merged_report_can_be_merged_again() -> None:
    first = one("1", A, path="/x/runA/model.model")
    second = one("2", B, path="/x/runB/model.model")
    both = merged([first, second])
    run, results = merged([both, first])
    assert sorted(result.potential for result in results) == ["runA/model", "runB/model"]
    assert len(run.potentials) == 2
    _, results = merged([both, one("3", C, path="/x/runC/model.model")])
    assert {result.potential_sha256 for result in results} == {A, B, C}


def test_other_settings_are_another_potential() -> None:
    parts = [
        one("1", A, path="/x/model.model", dtype="float32", device="cpu"),
        one("2", A, path="/x/model.model", dtype="float64", device="cpu"),
    ]
    assert names(tell_apart(parts)) == ["model (float32 cpu)", "model (float64 cpu)"]


def test_two_names_of_one_run_are_never_merged() -> None:
    record = [PotentialRecord(name=name, sha256=A) for name in ("runA/model", "runB/model")]
    results = [make_result(potential=entry.name, potential_sha256=A) for entry in record]
    run = RunRecord(id="1", potentials=tuple(record))
    assert tell_apart([(run, results)]) == [(run, results)]


def trained(run: str, **by_dataset: str) -> Part:
    """A run of `train:mace`, which trains one potential for each dataset."""
    records = [
        PotentialRecord(name="mace", spec="train:mace", sha256=sha) for sha in by_dataset.values()
    ]
    results = [
        make_result(potential="mace", potential_sha256=sha, dataset=name, test_dataset=name)
        for name, sha in by_dataset.items()
    ]
    return RunRecord(id=run, potentials=tuple(records)), results


def test_trainings_on_several_datasets_are_one_potential() -> None:
    parts = [trained("1", hea=A), trained("2", cha=B)]
    assert names(tell_apart(parts)) == ["mace", "mace"]
    run, results = merged([trained("1", hea=A, cha=B), trained("2", hea=A)])
    assert len(results) == 2
    assert [potential.sha256 for potential in run.potentials] == [A, B]


def test_trainings_on_one_dataset_with_other_code_are_told_apart() -> None:
    parts = [trained("1", hea=A, cha=B), trained("2", hea=C)]
    assert names(tell_apart(parts)) == ["mace@bbbbbbbb"] * 2 + ["mace@cccccccc"]
    assert len(merged(parts)[1]) == 3


def test_datasets_of_one_name_are_told_apart() -> None:
    parts = [one("1", A, data=B), one("2", A, data=C)]
    run, results = merged(parts)
    assert [result.dataset for result in results] == ["hea@bbbbbbbb", "hea@cccccccc"]
    assert [dataset.name for dataset in run.datasets] == ["hea@bbbbbbbb", "hea@cccccccc"]


def test_a_journal_without_potentials_is_known_by_its_results() -> None:
    bare = RunRecord(id="2"), [make_result(potential="model", potential_sha256=B)]
    found = names(tell_apart([one("1", A), bare]))
    assert found == ["model@aaaaaaaa", "model@bbbbbbbb"]


def test_a_potential_without_a_hash_is_the_same() -> None:
    parts = [one("1", "", name="reference"), one("2", "", name="reference")]
    assert len(merged(parts)[1]) == 1
