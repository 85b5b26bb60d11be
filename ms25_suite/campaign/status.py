"""State of a campaign, read from its folder and the cache while it runs, or after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ms25_suite.campaign.journal import CampaignFolder, Event
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import Store

__all__ = ["STATES", "RowStatus", "State", "campaign_status", "counts", "known_rows"]

State = Literal["done", "running", "waiting", "failed", "blocked"]

STATES: Final[tuple[State, ...]] = ("done", "running", "waiting", "failed", "blocked")
"""States of a task: ``blocked`` needs one that failed."""


@dataclass(frozen=True, slots=True)
class RowStatus:
    """State of a task.

    Parameters
    ----------
    row
        The task.
    state
        Its state.
    reason
        Why it failed, or why it is waiting after it was started.
    log
        Its log; None if there is none.
    since
        When it was started, in seconds since 1970; None if it does not run.
    """

    row: Row
    state: State
    reason: str = ""
    log: Path | None = None
    since: float | None = None


def known_rows(opened: OpenedCampaign, files: CampaignFolder) -> list[Row]:
    """The tasks as they were when the campaign was last planned or run, or else planned now."""
    kept = files.read_plan(opened.content)
    if kept is not None:
        return kept
    # What opens datasets is imported only where it is needed: a look at the state must be quick.
    from ms25_suite.campaign.rows import campaign_rows, open_datasets

    return campaign_rows(opened.card, open_datasets(opened.card))


def campaign_status(rows: Sequence[Row], files: CampaignFolder, store: Store) -> list[RowStatus]:
    """State of each task. What is done is what lies in the cache."""
    history = files.history()
    done = store.done(rows)
    found = []
    failed: set[str] = set()
    # Trainings come first in a plan, so that those that fail are known before what needs them.
    for row in rows:
        event = history.last.get(row.key)
        state, reason = _state(row, event, done, failed, store)
        if state in ("failed", "blocked"):
            failed.add(row.key)
        since = event.at if event is not None and state == "running" else None
        log = files.log(row) if state in ("running", "failed") or reason else None
        found.append(RowStatus(row, state, reason, log, since))
    return found


def _state(
    row: Row, event: Event | None, done: set[str], failed: set[str], store: Store
) -> tuple[State, str]:
    if row.key in done:
        return "done", ""
    if event is not None and event.what == "failed":
        return "failed", event.reason
    if failed & {*row.needs}:
        return "blocked", "a training that it needs failed"
    if event is not None and event.what == "started":
        # The lock of a task is held as long as it runs, on whatever machine.
        if store.is_locked(row.key):
            return "running", ""
        return "waiting", "it was interrupted"
    if event is not None and event.what in ("again", "lost"):
        return "waiting", event.reason
    return "waiting", ""


def counts(
    statuses: Sequence[RowStatus],
) -> Mapping[tuple[str, str], Counter[State]]:
    """Numbers of tasks in each state, by architecture and dataset."""
    found: dict[tuple[str, str], Counter[State]] = {}
    for one in statuses:
        key = (one.row.architecture, one.row.dataset_name)
        found.setdefault(key, Counter())[one.state] += 1
    return found
