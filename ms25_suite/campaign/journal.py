"""Journal of a campaign: what was started, what failed and why. It informs, and decides nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.row import Row
from ms25_suite.core.cache import atomic_path

__all__ = ["CampaignFolder", "Event", "History"]

_JOURNAL: Final = "journal.jsonl"
_PLAN: Final = "plan.json"
_PARENT: Final = "parent.json"
_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class Event:
    """What the journal says of one task last.

    Parameters
    ----------
    what
        ``sent``, ``done``, ``failed`` or ``lost``.
    at
        Time of day, in seconds since 1970.
    reason
        Why it failed, or was lost.
    tries
        How often it failed.
    """

    what: str
    at: float
    reason: str = ""
    tries: int = 0


@dataclass(slots=True)
class History:
    """What a journal says.

    Parameters
    ----------
    last
        Last event of each task, by key.
    took
        Seconds that tasks took, by key.
    """

    last: dict[str, Event] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    def failed(self) -> dict[str, Event]:
        """Tasks that failed and were not started again."""
        return {key: event for key, event in self.last.items() if event.what == "failed"}


class CampaignFolder:
    """Folder of a campaign: journal, logs, plan, engine state and report. All can be deleted.

    Parameters
    ----------
    path
        The folder; it is made when something is written.

    Attributes
    ----------
    problems
        What could not be written, and why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    @property
    def lock(self) -> Path:
        """Lock file of the process that runs the campaign."""
        return self.path / _LOCK

    def log(self, row: Row) -> Path:
        """Log of a task."""
        return self.path / "logs" / f"{row.number:05d}-{row.kind}-{row.key[:8]}.log"

    def outcome(self, row: Row) -> Path:
        """File in which a task leaves the reason why it failed."""
        return self.log(row).with_suffix(".failed")

    def add(self, what: str, key: str = "", **facts: Any) -> None:
        """Write an event to the journal; a full disk does not end a campaign."""
        line = {"at": round(time.time(), 2), "what": what, "key": key, **facts}
        text = json.dumps(line, ensure_ascii=False) + "\n"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # One write of a whole line to the end, also where several processes write.
            descriptor = os.open(
                self.path / _JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644
            )
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            problem = f"the journal in {self.path} cannot be written: {error.strerror or error}"
            if problem not in self.problems:
                self.problems.append(problem)

    def history(self) -> History:
        """What the journal says; lines that are not whole are left out."""
        found = History()
        try:
            lines = (self.path / _JOURNAL).read_bytes().split(b"\n")
        except OSError:
            return found
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                key, what = entry["key"], entry["what"]
                if what == "forgotten":
                    found.last.pop(key, None)
                elif key:
                    reason, tries = str(entry.get("reason", "")), int(entry.get("tries", 0))
                    found.last[key] = Event(what, float(entry["at"]), reason, tries)
                if "seconds" in entry:
                    found.took[key] = float(entry["seconds"])
        return found

    def write_plan(self, content: str, rows: Iterable[Row]) -> None:
        """Keep the plan, so that `status` need not open the datasets."""
        self.path.mkdir(parents=True, exist_ok=True)
        record = {"content": content, "rows": [row.to_dict() for row in rows]}
        with atomic_path(self.path / _PLAN) as temporary:
            temporary.write_text(json.dumps(record), encoding="utf-8")

    def read_plan(self, content: str) -> list[Row] | None:
        """The plan that was kept for the same content of a campaign; None if there is none."""
        try:
            record = json.loads((self.path / _PLAN).read_bytes())
            if record["content"] != content:
                return None
            return [Row.from_dict(row) for row in record["rows"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_parent(self, facts: Mapping[str, Any]) -> None:
        """Say who runs the campaign."""
        with suppress(OSError), atomic_path(self.path / _PARENT) as temporary:
            temporary.write_text(json.dumps(dict(facts)), encoding="utf-8")

    def parent(self) -> dict[str, Any]:
        """Who runs the campaign, or ran it last; empty if that is not known."""
        try:
            found = json.loads((self.path / _PARENT).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
