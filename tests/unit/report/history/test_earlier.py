"""Reports that are set aside before another run writes to their folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.report import load_results, write_report
from ms25_suite.report.history.earlier import earlier_folders, set_aside
from tests.helpers.reports import make_result

RUN = RunRecord(id="3f2a9c0112", started="2026-11-27T11:50:37+00:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of a report with an artifact."""
    folder = tmp_path / "reports"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts" / "errors.npz").write_bytes(b"old")
    (folder / "baseline.json").write_text("{}")
    write_report(folder, RUN, [make_result(artifact="artifacts/errors.npz")])
    return folder


def test_a_report_moves_with_all_that_belongs_to_it(folder: Path) -> None:
    (folder / "mine.txt").write_text("a file of somebody else")
    earlier = set_aside(folder)
    assert earlier is not None
    assert (earlier.folder, earlier.n_results) == (folder / "runs" / "20261127T115037-3f2a9c01", 1)
    assert (folder / "mine.txt").is_file()
    assert not (folder / "report.html").exists()
    assert {path.name for path in earlier.folder.iterdir()} == {
        *("report.html", "heatmap.png", "heatmap.svg", "results.csv", "results.json"),
        *("baseline.json", "artifacts"),
    }
    run, (result,) = load_results([earlier.folder])
    assert run.id == RUN.id
    assert Path(result.artifact).read_bytes() == b"old"
    assert set_aside(folder) is None
    assert earlier_folders(folder) == [earlier.folder]


def test_files_that_a_killed_run_names_stay(folder: Path) -> None:
    (folder / "journal-1.jsonl").write_text("")
    earlier = set_aside(folder)
    assert earlier is not None
    assert (folder / "artifacts" / "errors.npz").is_file()
    assert (earlier.folder / "artifacts" / "errors.npz").is_file()


def test_a_move_that_was_interrupted_is_finished(folder: Path) -> None:
    """Numbers are moved last, and the name of the folder comes from them."""
    target = folder / "runs" / "20261127T115037-3f2a9c01"
    target.mkdir(parents=True)
    (folder / "report.html").replace(target / "report.html")
    earlier = set_aside(folder)
    assert earlier is not None
    assert earlier.folder == target
    assert (target / "results.json").is_file()
    assert (target / "report.html").is_file()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"run": 3, "results": [1, {"artifact": 2}]}'])
def test_what_cannot_be_read_is_kept_as_it_is(tmp_path: Path, content: str) -> None:
    (tmp_path / "results.json").write_text(content)
    earlier = set_aside(tmp_path)
    assert earlier is not None
    assert earlier.folder.name.endswith("-report")
    assert (earlier.folder / "results.json").read_text() == content


def test_an_artifact_outside_the_folder_is_left_alone(folder: Path) -> None:
    outside = folder.parent / "secret"
    outside.write_text("mine")
    document = json.loads((folder / "results.json").read_text())
    document["results"][0]["artifact"] = "../secret"
    (folder / "results.json").write_text(json.dumps(document))
    assert set_aside(folder) is not None
    assert outside.is_file()


def test_a_run_without_a_time_has_that_of_its_file(tmp_path: Path) -> None:
    write_report(tmp_path, replace(RUN, started=None), [make_result()])
    earlier = set_aside(tmp_path)
    assert earlier is not None
    assert earlier.folder.name.endswith("-3f2a9c01")
