"""State of a campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.status import RowStatus, campaign_status, counts, known_rows
from ms25_suite.campaign.store import Store
from tests.helpers.campaigns import campaign


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache" / "campaign")


def row(number: int, *, needs: tuple[str, ...] = ()) -> Row:
    kind = "judge" if needs else "train"
    key = f"{number:032d}"
    return Row(number, kind, key, "t", "cha", "mini", ("p",), "mtp", needs=needs)  # type: ignore[arg-type]


def test_each_state(tmp_path: Path, store: Store) -> None:
    files = CampaignFolder(tmp_path / "made.campaign")
    done, failed, running, cut, again, new = (row(number) for number in range(1, 7))
    blocked = row(7, needs=(failed.key,))
    rows = [done, failed, running, cut, again, new, blocked]
    for one in rows:
        store.folder(one.key).mkdir(parents=True)
    store.finish(done.key, store.folder(done.key))
    files.add("failed", failed.key, reason="no memory")
    files.add("started", running.key)
    files.add("started", cut.key)
    files.add("again", again.key, reason="killed")
    with store.locked(running.key):
        found = {one.row.number: one for one in campaign_status(rows, files, store)}
    states = [found[number].state for number in range(1, 8)]
    assert states == ["done", "failed", "running", "waiting", "waiting", "waiting", "blocked"]
    assert found[2].reason == "no memory"
    assert found[2].log == files.log(failed)
    assert found[3].since is not None
    assert found[4].reason == "it was interrupted"
    assert found[5].reason == "killed"
    assert found[6].reason == ""


def test_the_cache_says_more_than_the_journal(tmp_path: Path, store: Store) -> None:
    files, one = CampaignFolder(tmp_path), row(1)
    files.add("failed", one.key, reason="x")
    store.folder(one.key).mkdir(parents=True)
    store.finish(one.key, store.folder(one.key))
    assert campaign_status([one], files, store)[0].state == "done"
    files.add("done", row(2).key)
    assert campaign_status([row(2)], files, store)[0].state == "waiting"


def test_numbers_by_architecture_and_dataset() -> None:
    states = ("done", "failed", "done")
    found = counts([RowStatus(row(number), state) for number, state in enumerate(states)])
    assert found == {("mtp", "cha"): {"done": 2, "failed": 1}}


def test_the_rows_are_those_of_the_plan_that_was_kept(tmp_path: Path) -> None:
    opened, files = campaign(tmp_path), CampaignFolder(tmp_path / "made.campaign")
    assert len(known_rows(opened, files)) == 4
    files.write_plan(opened.content, [row(1)])
    assert known_rows(opened, files) == [row(1)]
