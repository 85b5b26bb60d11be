"""Results of tasks in the cache."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import RESULTS, Store, open_store
from ms25_suite.core.errors import CampaignError

KEY = "ab" * 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "campaign")
    found.folder(KEY).mkdir(parents=True)
    return found


def row(kind: str = "judge", key: str = KEY) -> Row:
    return Row(1, kind, key, "t", "cha", "mini", ("reference",), "reference")  # type: ignore[arg-type]


def test_done_is_what_is_there(store: Store, tmp_path: Path) -> None:
    model = tmp_path / "training" / "a.model"
    assert not store.is_done(KEY)
    model.parent.mkdir()
    model.write_text("weights")
    store.finish(KEY, model, seconds=3.5)
    assert store.done([row()]) == {KEY}
    assert (store.note(KEY) or {})["seconds"] == 3.5
    model.unlink()
    assert not store.is_done(KEY)


def test_a_cache_that_was_moved_is_whole(store: Store, tmp_path: Path) -> None:
    store.finish(KEY, store.folder(KEY))
    shutil.move(tmp_path / "campaign", tmp_path / "elsewhere" / "campaign")
    assert Store(tmp_path / "elsewhere" / "campaign").is_done(KEY)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff", b'{"place": "campaign"}'])
def test_a_damaged_note_is_none(store: Store, damage: bytes) -> None:
    store.finish(KEY, store.folder(KEY))
    (store.folder(KEY) / "done.json").write_bytes(damage)
    # The last one is whole, but for its checksum.
    assert store.note(KEY) is None


def test_results_are_those_of_failed_judgements_too(store: Store) -> None:
    for place in (store.work(KEY), store.judged(KEY)):
        place.mkdir()
        (place / RESULTS).write_text("{}")
    assert store.results([row("train"), row()]) == [store.work(KEY) / RESULTS]
    store.finish(KEY, store.judged(KEY))
    assert store.results([row()]) == [store.judged(KEY) / RESULTS]


def test_one_at_a_time(store: Store) -> None:
    entered = threading.Event()

    def other() -> None:
        with store.locked(KEY):
            entered.set()

    with store.locked(KEY):
        assert store.is_locked(KEY)
        waiting = threading.Thread(target=other)
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join()
    assert entered.is_set()
    assert not store.is_locked(KEY)


def test_a_cache_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(CampaignError, match="a folder that can be written, on a cluster"):
        open_store()
