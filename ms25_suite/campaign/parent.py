"""Sends the tasks of a campaign to the engine, until all are done or failed."""

from __future__ import annotations

import queue
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.campaign.answers import (
    LostError,
    ends_upon_sigterm,
    last_words,
    result_of,
    told_by,
)
from ms25_suite.campaign.costs import Costs, Left
from ms25_suite.campaign.engines.engine import EngineStopped, RunsTasks
from ms25_suite.campaign.engines.workers import Workers
from ms25_suite.campaign.journal import CampaignFolder
from ms25_suite.campaign.progress import CampaignProgress
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import Store
from ms25_suite.campaign.task import OVER_TIME
from ms25_suite.core.errors import CampaignError

__all__ = ["Outcome", "Parent"]

_WAKE_S: Final = 1.0
_ESTIMATE_S: Final = 10.0

_MOST_LOSSES: Final = 100
"""A task that was lost with its worker so often is taken for the cause."""

_MOST_RESTARTS: Final = 20
"""So often an engine that stopped is started again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a campaign ended.

    Parameters
    ----------
    total, done
        Numbers of tasks.
    failed
        Tasks that failed, with the reason.
    blocked
        Tasks that need one that failed.
    computed
        Number of tasks that were done in this run; the others were done before, or by others.
    """

    total: int
    done: int
    failed: Mapping[Row, str]
    blocked: Sequence[Row]
    computed: int


class Parent:
    """Runs tasks.

    Parameters
    ----------
    retries
        How often a task that failed is started again.
    files
        Folder of the campaign.
    store
        Where results are.
    rows
        The tasks.
    make_engine
        Makes an engine.
    workers
        Prepares the workers; None: there is nothing to prepare.
    costs
        Estimates.
    progress
        Display.
    """

    def __init__(
        self,
        retries: int,
        files: CampaignFolder,
        store: Store,
        rows: Sequence[Row],
        make_engine: Callable[[], RunsTasks],
        workers: Workers | None,
        costs: Costs,
        progress: CampaignProgress,
    ) -> None:
        self._retries = retries
        self._files = files
        self._store = store
        self._rows = {row.key: row for row in rows}
        self._make_engine = make_engine
        self._workers = workers
        self._costs = costs
        self._progress = progress
        self._done = store.done(rows)
        self._failed: dict[str, str] = {}
        self._blocked: set[str] = set()
        self._sent: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()
        self._restarts = 0
        self._since_start = 0
        self._computed = 0
        self._busy_s = 0.0
        self._started = self._estimated = 0.0
        self._left = Left()
        self._ended: queue.SimpleQueue[tuple[str, Future[Any]]] = queue.SimpleQueue()
        self._open_needs: dict[str, int] = {}
        self._needed_by: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            missing = [key for key in row.needs if key not in self._done]
            self._open_needs[row.key] = len(missing)
            for key in missing:
                self._needed_by[key].append(row.key)

    def run(self, command: Callable[[Row], Sequence[str]] | None = None) -> Outcome:
        """Send tasks until all are done or failed.

        Parameters
        ----------
        command
            Command of a task; by default that of the workers.

        Raises
        ------
        CampaignError
            The engine cannot be started, or the workers cannot be used.
        """
        if command is None and self._workers is not None:
            command = self._workers.task_command
        if command is None:
            msg = "expected workers, or commands of tasks"
            raise CampaignError(msg)
        self._command = command
        todo = [key for key in self._rows if key not in self._done]
        if self._workers is not None and todo:
            trained = {self._rows[key].architecture: None for key in todo if self._trains(key)}
            self._fail_architectures(self._workers.prepare(list(trained)))
        if not any(self._is_open(key) for key in todo):
            return self._outcome()
        self._engine = self._make_engine()
        with ends_upon_sigterm():
            try:
                self._start_engine()
                self._progress.start(len(self._rows), len(self._done))
                self._started = time.monotonic()
                for key in todo:
                    self._send_if_ready(key)
                self._loop()
                self._show()
            finally:
                self._progress.finish()
                self._engine.close()
        for problem in self._files.problems:
            self._progress.note(f"warning: {problem}")
        return self._outcome()

    def _trains(self, key: str) -> bool:
        return self._rows[key].kind == "train"

    def _is_open(self, key: str) -> bool:
        return not any(key in ended for ended in (self._done, self._failed, self._blocked))

    def _start_engine(self) -> None:
        self._engine.start()
        self._since_start = 0
        if self._workers is None:
            return
        kinds = {self._rows[key].resources for key in self._rows if self._is_open(key)}
        # One look at each group of workers, which may be for several kinds.
        groups = {self._engine.group(kind): kind for kind in sorted(kinds)}
        try:
            patience = self._workers.patience_s
            why = self._workers.probe(
                self._engine.submit, groups.values(), lambda future: result_of(future, patience)
            )
        except EngineStopped as error:
            msg = f"no worker could be started: {error}"
            raise CampaignError(msg) from error
        except LostError as error:
            msg = f"the first worker was lost: {error}"
            raise CampaignError(msg) from error
        self._fail_architectures(why)

    def _fail_architectures(self, why: Mapping[str, str]) -> None:
        for key, row in self._rows.items():
            if self._trains(key) and row.architecture in why and self._is_open(key):
                self._fail(key, why[row.architecture])

    def _send_if_ready(self, key: str) -> None:
        if not self._is_open(key) or key in self._sent or self._open_needs[key]:
            return
        row = self._rows[key]
        self._sent.add(key)
        ended = self._ended
        future = self._engine.submit(self._command(row), row.resources)
        future.add_done_callback(lambda done: ended.put((key, done)))

    def _loop(self) -> None:
        while self._sent:
            try:
                key, future = self._ended.get(timeout=_WAKE_S)
            except queue.Empty:
                self._show()
                continue
            self._sent.discard(key)
            try:
                self._end(key, future)
            except EngineStopped as error:
                self._restart(key, error)
            self._show()

    def _end(self, key: str, future: Future[Any]) -> None:
        """A task has ended, one way or another."""
        try:
            found = result_of(future)
        except LostError as error:
            self._losses[key] += 1
            self._files.add("lost", key, reason=str(error))
            if self._losses[key] < _MOST_LOSSES:
                self._send_if_ready(key)
            else:
                self._fail(key, f"its worker was lost {_MOST_LOSSES} times: {error}")
            return
        except CampaignError as error:
            self._try_again(key, str(error))
            return
        told = told_by(found)
        # Only what lies in the cache is done, whatever a command says.
        if found.returncode or not self._store.is_done(key):
            self._try_again(key, str(told.get("failed") or last_words(found)))
            return
        self._done.add(key)
        self._since_start += 1
        seconds = float(told.get("seconds", 0.0))
        self._busy_s += seconds
        self._computed += bool(told.get("computed", True))
        self._files.add("done", key, **({"seconds": seconds} if seconds else {}))
        self._costs.add(self._rows[key], seconds)
        for other in self._needed_by.get(key, ()):
            self._open_needs[other] -= 1
            self._send_if_ready(other)

    def _try_again(self, key: str, reason: str) -> None:
        self._tries[key] += 1
        if self._tries[key] > self._retries or reason.startswith(OVER_TIME):
            self._fail(key, reason)
            return
        self._files.add("again", key, reason=reason, tries=self._tries[key])
        self._send_if_ready(key)

    def _fail(self, key: str, reason: str) -> None:
        self._failed[key] = reason
        self._blocked.update(self._needed_by.get(key, ()))
        self._files.add("failed", key, reason=reason, tries=self._tries[key])
        first = (reason.splitlines() or ["no reason is known"])[0]
        self._progress.note(f"failed: {self._rows[key].title}: {first}")

    def _restart(self, key: str, error: EngineStopped) -> None:
        """Start an engine that stopped again, if it did something since it was started."""
        self._restarts += 1
        if not self._since_start or self._restarts > _MOST_RESTARTS:
            msg = f"the engine stopped: {error}. What was done is kept"
            raise CampaignError(msg) from error
        self._progress.note(f"the engine stopped and is started again: {error}")
        keys = [key, *self._sent]
        self._sent.clear()
        self._engine.close()
        # What the old one still reports is of no interest.
        self._ended = queue.SimpleQueue()
        self._engine = self._make_engine()
        self._start_engine()
        for one in keys:
            self._send_if_ready(one)

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._estimated > _ESTIMATE_S and self._busy_s:
            # At the rate of this run so far: several tasks at a time.
            at_a_time = self._busy_s / (now - self._started)
            work = self._costs.left(row for key, row in self._rows.items() if self._is_open(key))
            self._estimated, self._left = now, work.shared_by(at_a_time)
        ended = len(self._done) + len(self._failed) + len(self._blocked)
        waiting = len(self._rows) - ended
        self._progress.update(len(self._done), len(self._failed), waiting, self._left)

    def _outcome(self) -> Outcome:
        return Outcome(
            total=len(self._rows),
            done=len(self._done),
            failed={self._rows[key]: reason for key, reason in self._failed.items()},
            blocked=[self._rows[key] for key in self._rows if key in self._blocked],
            computed=self._computed,
        )
