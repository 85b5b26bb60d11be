"""The process that runs a campaign: it sends tasks to the engine until all are done or failed."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ms25_suite.campaign.costs import Costs, Left
from ms25_suite.campaign.engines.engine import ParslEngine, RunsTasks
from ms25_suite.campaign.engines.workers import Workers
from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.parent import Outcome, Parent
from ms25_suite.campaign.progress import CampaignProgress
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.rows import campaign_rows, open_datasets
from ms25_suite.campaign.store import Store, open_store
from ms25_suite.core.errors import CampaignError

__all__ = ["run_campaign"]

_FOLLOW_S: Final = 2.0
_ENDED: Final = "ended"


def run_campaign(
    opened: OpenedCampaign,
    folder: Path,
    *,
    only: Callable[[Row], bool] | None = None,
    engine: Callable[[], RunsTasks] | None = None,
    command: Callable[[Row], Sequence[str]] | None = None,
    progress: CampaignProgress | None = None,
) -> Outcome:
    """Run a campaign to its end, from wherever it is.

    If another process runs it, this one says so and follows; if that one ends before the campaign
    does, this one goes on.

    Parameters
    ----------
    opened
        The campaign.
    folder
        Its folder.
    only
        Which tasks to do; all by default.
    engine, command
        Makes the engine; the command of a task. For tests.
    progress
        Display.

    Raises
    ------
    CampaignError
        It is invalid, the engine cannot be started, or the workers cannot be used.
    """
    progress = progress or CampaignProgress()
    files = CampaignFolder(folder)
    datasets = open_datasets(opened.card)
    rows = campaign_rows(opened.card, datasets)
    store = open_store()
    with _only_one(files, store, rows, progress) as has_ended:
        if has_ended:
            return _outcome_of(files, store, rows)
        try:
            files.write_plan(opened.content, rows)
        except OSError as error:
            msg = f"the folder of the campaign {folder} cannot be written: {error}"
            raise CampaignError(msg) from error
        wanted = rows if only is None else _with_needs(rows, only)
        costs = Costs(opened.card, datasets, rows, files.history().took)
        make = engine or (lambda: ParslEngine(opened.card, folder / "engine"))
        workers = Workers(opened, files, store, progress) if command is None else None
        parent = Parent(opened.card.retries, files, store, wanted, make, workers, costs, progress)
        outcome = parent.run(command)
        files.write_parent({**files.parent(), _ENDED: time.time()})
    return outcome


def _outcome_of(files: CampaignFolder, store: Store, rows: Sequence[Row]) -> Outcome:
    """How the run of another process ended."""
    done = store.done(rows)
    events = files.history().failed()
    failed = {row: events[row.key].reason for row in rows if row.key in events.keys() - done}
    keys = {row.key for row in failed}
    blocked = [row for row in rows if keys & {*row.needs} and row.key not in done]
    return Outcome(len(rows), len(done), failed, blocked, computed=0)


def _with_needs(rows: Sequence[Row], only: Callable[[Row], bool]) -> list[Row]:
    """Those that are wanted, what they need, and what needs them."""
    wanted = {row.key for row in rows if only(row)}
    needed = wanted | {key for row in rows if row.key in wanted for key in row.needs}
    return [row for row in rows if row.key in needed or wanted & {*row.needs}]


@contextlib.contextmanager
def _only_one(
    files: CampaignFolder, store: Store, rows: Sequence[Row], progress: CampaignProgress
) -> Iterator[bool]:
    """Be the only process that runs the campaign; follow another one until it ends.

    Yields whether another one has run it to its end meanwhile.
    """
    from filelock import FileLock, Timeout

    try:
        files.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder of the campaign {files.path} cannot be made: {error}"
        raise CampaignError(msg) from error
    lock = FileLock(files.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        other = files.parent()
        who = f"process {other.get('pid')} on {other.get('host')}" if other else "another process"
        progress.note(f"{who} runs this campaign: following it")
        done = len(store.done(rows))
        progress.start(len(rows), done)
        try:
            while True:
                with contextlib.suppress(Timeout):
                    lock.acquire(timeout=_FOLLOW_S)
                    break
                done = len(store.done(rows))
                failed = len(files.history().failed())
                progress.update(done, failed, len(rows) - done - failed, Left())
        finally:
            progress.finish()
        if files.parent().get(_ENDED):
            lock.release()
            yield True
            return
        progress.note(f"{who} was killed: going on")
    try:
        facts = {"pid": os.getpid(), "host": platform.node(), "started": time.time()}
        files.write_parent(facts)
        yield False
    finally:
        lock.release()
