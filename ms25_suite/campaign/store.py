"""Results of the tasks of campaigns, in the cache: what is here is done, whoever did it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.row import Row
from ms25_suite.core.cache import atomic_path, cache_dir
from ms25_suite.core.errors import CampaignError
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json

__all__ = ["RESULTS", "Store", "open_store"]

RESULTS: Final = "results.json"
"""File of the results in the folder of a report."""

_DONE: Final = "done.json"
_LOCK: Final = "lock"
_JUDGED: Final = "judged"
_WORK: Final = "work"


@dataclass(frozen=True, slots=True)
class Store:
    """Folder of the results, one folder for each key.

    Parameters
    ----------
    root
        The folder.
    """

    root: Path

    def folder(self, key: str) -> Path:
        """Folder of a task; it may not exist."""
        # Two levels: file systems of clusters are slow with many thousands of entries.
        return self.root / key[:2] / key

    def note(self, key: str) -> dict[str, Any] | None:
        """What was noted when a task was done; None if it is not.

        A damaged note, and one whose model or results are gone, is none: the task is done again.
        """
        # Texts and not paths: this is asked of thousands of tasks at a time.
        try:
            with open(f"{self.root}/{key[:2]}/{key}/{_DONE}", "rb") as file:  # noqa: PTH123
                found = unseal_json(json.loads(file.read()), key)
            place = f"{self.root.parent}/{found['place']}"
        except (OSError, ValueError, KeyError, TypeError, DamagedError):
            return None
        found["place"] = place
        return found if os.path.exists(place) else None  # noqa: PTH110

    def is_done(self, key: str) -> bool:
        """Whether the result of a task is there."""
        return self.note(key) is not None

    def done(self, rows: Iterable[Row]) -> set[str]:
        """Keys of those tasks that are done."""
        return {row.key for row in rows if self.is_done(row.key)}

    def finish(self, key: str, place: Path, **facts: Any) -> None:
        """Note that a task is done.

        Parameters
        ----------
        key
            Key of the task.
        place
            The model, or the folder of the report, in the cache.
        **facts
            What else is worth knowing: seconds that it took, …
        """
        # Relative, so that a cache that was moved is still whole.
        where = str(place.absolute().relative_to(self.root.parent.absolute()))
        with atomic_path(self.folder(key) / _DONE) as temporary:
            temporary.write_text(sealed_json({**facts, "place": where}), encoding="utf-8")

    def work(self, key: str) -> Path:
        """Folder of the report of a judgement that is not done, also of one that failed."""
        return self.folder(key) / _WORK

    def judged(self, key: str) -> Path:
        """Folder of the report of a judgement that is done."""
        return self.folder(key) / _JUDGED

    def results(self, rows: Iterable[Row]) -> list[Path]:
        """The ``results.json`` of what was judged, of failed judgements as far as they went."""
        found = []
        for row in rows:
            if row.kind == "train":
                continue
            place = self.judged(row.key) if self.is_done(row.key) else self.work(row.key)
            path = place / RESULTS
            if path.is_file():
                found.append(path)
        return found

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Keep other processes from doing the same task; waits for one that does it."""
        from filelock import FileLock

        folder = self.folder(key)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK):
            yield

    def is_locked(self, key: str) -> bool:
        """Whether a process does a task now."""
        from filelock import FileLock, Timeout

        path = self.folder(key) / _LOCK
        if not path.exists():
            return False
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False


def open_store() -> Store:
    """The results in the cache of the suite.

    Raises
    ------
    CampaignError
        The cache cannot be used.
    """
    try:
        return Store(cache_dir("campaign").absolute())
    except OSError as error:
        msg = (
            f"results are kept in the cache, which cannot be used: {error}. Set MS25_CACHE_DIR to "
            "a folder that can be written, on a cluster one that all nodes share"
        )
        raise CampaignError(msg) from error
