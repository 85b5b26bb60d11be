from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.journal import Journal
from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import SCHEMA, CheckResult
from ms25_suite.report import load_results, merge_results
from ms25_suite.report.merging.merge import merge_runs
from tests.helpers.reports import make_result


def result(**changes: Any) -> CheckResult:
    values = {
        "potential": "p",
        "quantity": "energy",
        "unit": "meV/atom",
        "interval": None,
        "threshold": None,
        "value": 1.0,
    }
    return make_result(**(values | changes))


def write(folder: Path, run: dict[str, Any], *results: CheckResult) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "results.json"
    document = {"schema": SCHEMA, "run": run, "results": [r.to_dict() for r in results]}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_later_results_replace_earlier_ones(tmp_path: Path) -> None:
    write(tmp_path / "a", {"id": "a"}, result(value=1.0), result(quantity="forces", value=2.0))
    write(tmp_path / "b", {"id": "b"}, result(value=9.0), result(potential="q", value=3.0))
    _, results = load_results([tmp_path / "a", tmp_path / "b"])
    values = {(r.potential, r.quantity): r.value for r in results}
    assert values == {("p", "energy"): 9.0, ("p", "forces"): 2.0, ("q", "energy"): 3.0}
    _, reversed_ = load_results([tmp_path / "b", tmp_path / "a"])
    assert {r.value for r in reversed_} == {1.0, 2.0, 3.0}


def test_results_and_journals_merge(tmp_path: Path) -> None:
    write(tmp_path / "a", {"id": "a"}, result())
    journal = Journal(tmp_path / "killed.jsonl", RunRecord(id="b", started="2026-01-01T00:00:00Z"))
    journal.append(result(potential="q"))
    journal.close()
    with (tmp_path / "killed.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"criterion": "eo')
    run, results = load_results([tmp_path / "a" / "results.json", tmp_path / "killed.jsonl"])
    assert [r.potential for r in results] == ["p", "q"]
    assert [part.id for part in run.runs] == ["a", "b"]


def journal_in(folder: Path, name: str, run: dict[str, Any], *results: CheckResult) -> None:
    journal = Journal(folder / name, RunRecord.from_dict(run))
    for entry in results:
        journal.append(entry)
    journal.close()


def test_results_of_a_folder_replace_their_own_journal(tmp_path: Path) -> None:
    run = {"id": "a", "started": "2026-01-01T00:00:00Z"}
    journal_in(tmp_path, "z.jsonl", run, result(value=5.0))
    assert load_results([tmp_path])[1][0].value == 5.0
    write(tmp_path, run | {"exit_status": 0}, result(value=1.0))
    merged, results = load_results([tmp_path])
    assert [r.value for r in results] == [1.0]
    assert merged == RunRecord.from_dict(run | {"exit_status": 0})


def test_later_runs_of_a_folder_replace_earlier_ones(tmp_path: Path) -> None:
    write(tmp_path, {"id": "b", "started": "2026-01-02T00:00:00Z"}, result(value=2.0))
    first = {"id": "a", "started": "2026-01-01T00:00:00Z"}
    journal_in(tmp_path, "y.jsonl", first, result(value=1.0), result(potential="q", value=1.0))
    last = {"id": "c", "started": "2026-01-03T00:00:00Z"}
    journal_in(tmp_path, "x.jsonl", last, result(quantity="forces", value=3.0))
    run, results = load_results([tmp_path])
    values = {(r.potential, r.quantity): r.value for r in results}
    assert values == {("p", "energy"): 2.0, ("q", "energy"): 1.0, ("p", "forces"): 3.0}
    assert [part.id for part in run.runs] == ["a", "b", "c"]


def test_a_single_run_is_left_as_it_is(tmp_path: Path) -> None:
    run = {"id": "a", "command": ["pytest"], "potentials": [{"name": "p"}], "extra": 1}
    write(tmp_path, run, result())
    assert load_results([tmp_path])[0] == RunRecord(
        id="a", command=("pytest",), potentials=(PotentialRecord(name="p"),)
    )


def test_merged_runs_keep_what_is_theirs() -> None:
    old, new = PotentialRecord(name="p", r_max=4.0), PotentialRecord(name="p", r_max=5.0)
    q, mgo = PotentialRecord(name="q"), DatasetRecord(name="mgo")
    first = RunRecord(id="a", device="cpu", seed=0, potentials=(old,))
    second = RunRecord(id="b", device="cuda", seed=0, potentials=(new, q), datasets=(mgo,))
    merged = merge_runs([first, second])
    assert merged.potentials == (new, q)
    assert merged.datasets == (mgo,)
    assert (merged.id, merged.seed, merged.device) == (None, 0, None)
    assert merged.runs == (
        RunRecord(id="a", device="cpu", seed=0),
        RunRecord(id="b", device="cuda", seed=0),
    )
    third = RunRecord(id="c", potentials=(PotentialRecord(name="r"),))
    again = merge_runs([merged, third])
    assert [part.id for part in again.runs] == ["a", "b", "c"]
    assert [item.name for item in again.potentials] == ["p", "q", "r"]


def test_merge_keeps_the_last_of_a_key() -> None:
    assert merge_results([result(value=1.0), result(value=2.0)]) == [result(value=2.0)]


def test_artifacts_become_absolute(tmp_path: Path) -> None:
    write(tmp_path / "a", {}, result(artifact="artifacts/x.npz"), result(quantity="forces"))
    _, (energy, forces) = load_results([tmp_path / "a"])
    assert Path(energy.artifact) == tmp_path.resolve() / "a" / "artifacts" / "x.npz"
    assert forces.artifact == ""


@pytest.mark.parametrize("artifact", ["../secret.npz", "/etc/passwd", "x/../../y.npz"])
def test_artifact_outside_its_folder_is_refused(tmp_path: Path, artifact: str) -> None:
    write(tmp_path / "a", {}, result(artifact=artifact))
    with pytest.raises(ReportError, match="outside the folder"):
        load_results([tmp_path / "a"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("results.json", "{", "cannot read the results .*: expected JSON"),
        ("results.json", "[]", "expected results of schema 1, found no table"),
        ("results.json", '{"schema": 2}', "expected results of schema 1, found schema 2"),
        ("results.json", '{"schema": 1, "run": {}}', "the key `results` is missing"),
        ("results.json", '{"schema": 1, "run": {}, "results": [3]}', "expected a table, found 3"),
        ("results.json", '{"schema": 1, "run": {}, "results": [{}]}', r"`results\[0\].criterion`"),
        ("x.jsonl", "[]\n", "is this a journal of the suite"),
        ("x.jsonl", '{"schema": 1}\n', "is this a journal of the suite"),
        ("x.jsonl", "", "is this a journal"),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=message):
        load_results([tmp_path / name])


@pytest.mark.parametrize(
    ("key", "value"),
    [("value", "1.0"), ("details", None), ("potential", 3), ("n_frames", True), ("unit", None)],
)
def test_a_wrong_type_is_named(tmp_path: Path, key: str, value: object) -> None:
    path = write(tmp_path, {}, result())
    document = json.loads(path.read_text(encoding="utf-8"))
    document["results"][0][key] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(
        ReportError, match=rf"results.json: `results\[0\].{key}`: expected .* found"
    ):
        load_results([path])


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"potentials": ["p"]}, r"`run.potentials\[0\]`: expected a table, found 'p'"),
        ({"datasets": 3}, "`run.datasets`: expected a list, found 3"),
        ({"datasets": [{"title": "x"}]}, r"the key `run.datasets\[0\].name` is missing"),
        ({"runs": ["x"]}, r"`run.runs\[0\]`: expected a table"),
    ],
)
def test_a_run_of_a_wrong_layout_is_named(tmp_path: Path, run: dict[str, Any], words: str) -> None:
    write(tmp_path, run)
    with pytest.raises(ReportError, match=words):
        load_results([tmp_path])


def test_paths_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist"):
        load_results([tmp_path / "absent"])
    with pytest.raises(ReportError, match="found none"):
        load_results([tmp_path])
    with pytest.raises(ReportError, match="at least one"):
        load_results([])
