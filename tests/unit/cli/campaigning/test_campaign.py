"""The command ``ms25 campaign``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.opening import open_campaign
from ms25_suite.cli.main import main
from tests.helpers.campaigns import campaign


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["campaign", "list"]) == 0
    said = capsys.readouterr().out
    assert "tour " in said
    assert "MS25: the paper" in said


def test_plan_and_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = campaign(tmp_path).spec
    assert main(["campaign", "plan", spec]) == 0
    said = capsys.readouterr().out
    assert "made: 4 tasks, 0 done" in said
    assert "not measured" in said
    assert not (tmp_path / "made.campaign").exists()
    assert main(["campaign", "plan", spec, "--rows", "--array", "jobs"]) == 0
    said = capsys.readouterr().out
    assert "mtp on 25 frames of cha (set 1, seed 0, smoke)" in said
    assert "submit all with: sh jobs" in said
    files = CampaignFolder(tmp_path / "made.campaign")
    first = (files.read_plan(open_campaign(spec).content) or [])[0]
    files.add("failed", first.key, reason="no memory")
    assert main(["campaign", "status", spec]) == 1
    said = capsys.readouterr().out
    assert "failed: row 1, mtp on 50 frames of cha (set 1, seed 0, smoke): no memory" in said
    assert "2 waiting, 1 failed, 1 blocked" in said
    assert main(["campaign", "status", spec, "--rows"]) == 1
    assert "blocked" in capsys.readouterr().out


def test_retry_without_anything_that_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["campaign", "retry", campaign(tmp_path).spec, "--failed"]) == 0
    assert "no task failed" in capsys.readouterr().out


@pytest.mark.slow
def test_a_task_and_the_report(
    tmp_path: Path, cuni: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a worker does, from the file to the report."""
    (tmp_path / "emt.py").write_text("from ase.calculators.emt import EMT\n\ncalculator = EMT()\n")
    path = tmp_path / "judge.toml"
    path.write_text(
        f'datasets = ["{cuni}"]\npotentials = ["emt.py"]\ncriteria = ["error_thresholds"]\n'
    )
    assert main(["campaign", "report", str(path)]) == 1
    assert "nothing is judged yet" in capsys.readouterr().err
    assert main(["campaign", "task", str(path), "7"]) == 1
    assert "there is no task '7': expected a number from 1 to 1" in capsys.readouterr().err
    assert main(["campaign", "task", str(path), "1"]) == 0
    told = json.loads(capsys.readouterr().out.rpartition("ms25-task ")[2])
    assert told["computed"] is True
    assert told["seconds"] > 0
    assert main(["campaign", "task", str(path), "1"]) == 0
    assert '"computed": false' in capsys.readouterr().out
    assert main(["campaign", "status", str(path)]) == 0
    assert "1 done" in capsys.readouterr().out
    assert main(["campaign", "report", str(path), "--out", "here"]) == 0
    assert "emt" in (tmp_path / "here" / "index.html").read_text()
    results = json.loads((tmp_path / "here" / "verdicts" / "results.json").read_text())
    assert {one["potential"] for one in results["results"]} == {"emt"}


def test_a_task_that_fails_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = campaign(tmp_path).spec
    # A judgement, whose training is not done.
    assert main(["campaign", "task", spec, "4"]) == 1
    captured = capsys.readouterr()
    assert "1 of the 1 trainings that it needs are not done" in captured.err
    assert json.loads(captured.out.removeprefix("ms25-task "))["failed"].startswith("1 of the 1")
    assert main(["campaign", "status", spec]) == 1
