"""Journal and folder of a campaign."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.row import Row


def test_the_last_event_of_a_task_counts(tmp_path: Path) -> None:
    files = CampaignFolder(tmp_path / "new")
    assert files.history().last == {}
    files.add("started", "a")
    files.add("failed", "a", reason="No space", tries=3)
    files.add("started", "b")
    files.add("done", "b", seconds=2.5)
    files.add("failed", "c", reason="gone")
    files.add("forgotten", "c")
    history = files.history()
    assert (history.last["a"].reason, history.last["a"].tries) == ("No space", 3)
    assert set(history.failed()) == {"a"}
    assert history.took == {"b": 2.5}
    assert "c" not in history.last


def test_lines_that_are_not_whole_are_left_out(tmp_path: Path) -> None:
    files = CampaignFolder(tmp_path)
    files.add("done", "a")
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at": 1, "what": "fai')
    assert set(files.history().last) == {"a"}
    # A line that follows half a line is spoilt with it, and nothing else is.
    files.add("done", "b")
    files.add("done", "c")
    assert set(files.history().last) == {"a", "c"}


def test_several_may_write_at_once(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for number in range(100):
            CampaignFolder(tmp_path).add("done", f"{name}{number}", reason="x" * 200)

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(CampaignFolder(tmp_path).history().last) == 400


def test_a_full_disk_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    files = CampaignFolder(tmp_path)
    monkeypatch.setattr("ms25_suite.campaign.journal.os.write", full)
    files.add("done", "a")
    files.add("done", "b")
    assert len(files.problems) == 1
    assert "No space left on device" in files.problems[0]


def test_the_plan_is_that_of_the_same_content(tmp_path: Path) -> None:
    files = CampaignFolder(tmp_path)
    row = Row(1, "judge", "k", "t", "cha", "mini", ("reference",), "reference")
    assert files.read_plan("x") is None
    files.write_plan("x", [row])
    assert files.read_plan("x") == [row]
    assert files.read_plan("y") is None
    (tmp_path / "plan.json").write_text("{")
    assert files.read_plan("x") is None
