"""One task of a campaign, in a process of its own: a training, or a run of checks.

It does nothing that was done before, and may be started any number of times, by anybody.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.card import Resources
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import RESULTS, Store
from ms25_suite.campaign.walltime import hours
from ms25_suite.core.errors import CampaignError
from ms25_suite.environments.processes import (
    child_environment,
    end_process,
    last_lines,
    start_process,
)

__all__ = ["OVER_TIME", "TOLD", "judge_command", "run_row"]

_POLL_S: Final = 0.2
_GRACE_S: Final = 10.0

TOLD: Final = "ms25-task "
"""Start of the line in which a task says how it ended."""

OVER_TIME: Final = "wall time"
"""Start of the reason of a task that was ended because it took too long."""

_NOT_RUN: Final = 10
"""Exit code of a run of checks in which one could not be run; see `ms25_suite.plugin.outcome`."""

_JUDGED: Final = (0, 1, 5)
"""Exit codes of a run of checks that gave what it can give: passed, failed, nothing to judge."""


def judge_command(row: Row, resources: Resources, folder: Path) -> list[str]:
    """Arguments of ``ms25`` that judge the potentials of a task, with their report in a folder."""
    return [
        *(f"--mlip={spec}" for spec in row.potentials),
        *(f"--dataset={row.dataset}", f"--data={row.data}"),
        *("-m", " or ".join(row.criteria)),
        *(f"--device={row.device}", f"--dtype={row.dtype}", f"--workers={resources.cores}"),
        *("-p", "no:cacheprovider", "-q", f"--report-dir={folder}"),
        *row.options,
    ]


def run_row(row: Row, resources: Resources, store: Store, log: Path) -> bool:
    """Do a task, unless its result is there.

    Parameters
    ----------
    row
        The task.
    resources
        What it may use.
    store
        Where results are.
    log
        File to which the output of the programs is added.

    Returns
    -------
    :
        Whether it was done now; False if its result was there.

    Raises
    ------
    Ms25Error
        It failed; the message is the reason.
    """
    if store.is_done(row.key):
        return False
    missing = [key for key in row.needs if not store.is_done(key)]
    if missing:
        msg = f"{len(missing)} of the {len(row.needs)} trainings that it needs are not done"
        raise CampaignError(msg)
    log.parent.mkdir(parents=True, exist_ok=True)
    with store.locked(row.key):
        # Another process may have done it meanwhile.
        if store.is_done(row.key):
            return False
        start = time.monotonic()
        with log.open("a", encoding="utf-8") as file:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            file.write(f"--- {stamp} on {platform.node()}: {row.title}\n")
        with _watched(resources.limit_s(row.n)):
            place = (_train if row.kind == "train" else _judge)(row, resources, store, log)
        facts = {"seconds": round(time.monotonic() - start, 2), "cpu_seconds": _cpu_s()}
        store.finish(row.key, place, host=platform.node(), title=row.title, **facts)
    return True


def _train(row: Row, resources: Resources, store: Store, log: Path) -> Path:
    from ms25_suite.datasets.dataset import open_dataset
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.training import RichProgress, train
    from ms25_suite.training.data import training_data, training_request

    del store
    dataset = open_dataset(row.dataset, tier=row.data)
    trainer = get_trainer(row.architecture)
    options = {"n": row.n, "set": row.set, "seed": row.seed, "budget": row.budget}
    request = training_request(dataset, trainer, **options)  # type: ignore[arg-type]
    with log.open("a", encoding="utf-8") as stream:
        trained = train(
            trainer,
            request,
            training_data(dataset, request),
            device=row.device,
            threads=resources.cores,
            progress=RichProgress(stream),
        )
        how = "taken from the cache" if trained.reused else "trained"
        stream.write(f"{how}: {trained.model_path}\n")
    return trained.model_path


def _judge(row: Row, resources: Resources, store: Store, log: Path) -> Path:
    work, judged = store.work(row.key), store.judged(row.key)
    shutil.rmtree(work, ignore_errors=True)
    status = _run(judge_command(row, resources, work), resources, log)
    if status == _NOT_RUN:
        raise CampaignError(_errors(work / RESULTS) or _reason(log, status))
    if status not in _JUDGED:
        raise CampaignError(_reason(log, status))
    if not (work / RESULTS).is_file():
        msg = (
            f"the run of checks left no results in {work}: is the disk full? {_reason(log, status)}"
        )
        raise CampaignError(msg)
    shutil.rmtree(judged, ignore_errors=True)
    work.rename(judged)
    return judged


def _run(arguments: Sequence[str], resources: Resources, log: Path) -> int:
    """Run ``ms25`` to its end, with its output in the log; its exit code."""
    process = start_process(
        [sys.executable, "-P", "-m", "ms25_suite", *arguments],
        folder=log.parent,
        output=log,
        variables=child_environment(resources.cores),
        append=True,
    )
    try:
        while process.poll() is None:
            time.sleep(_POLL_S)
    finally:
        end_process(process, grace_s=_GRACE_S if process.poll() is None else 0.0)
    return int(process.returncode)


@contextmanager
def _watched(limit_s: float | None) -> Iterator[None]:
    """End what is done within when it takes too long, when its parent ends, or upon SIGTERM.

    Whatever it started ends with it; see `ms25_suite.environments.processes.start_process`.

    Raises
    ------
    CampaignError
        It was ended.
    """
    reasons: list[str] = []
    over = threading.Event()
    parent, start = os.getppid(), time.monotonic()

    def end(number: int, frame: Any) -> None:
        del number, frame
        raise CampaignError(reasons[0] if reasons else "it was told to end (SIGTERM)")

    def watch() -> None:
        while not over.wait(_POLL_S):
            if os.getppid() != parent:
                reasons.append("the process that started it has ended")
            elif limit_s is not None and time.monotonic() - start > limit_s:
                reasons.append(
                    f"{OVER_TIME}: it took longer than the {hours(limit_s)} of its resources; what "
                    "it finished is kept, and it goes on when it is started again"
                )
            if reasons:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    before = signal.signal(signal.SIGTERM, end)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        signal.signal(signal.SIGTERM, before)


def _cpu_s() -> float:
    """CPU time of this process and of all that it started and that ended, in seconds."""
    used = os.times()
    return round(used.user + used.system + used.children_user + used.children_system, 2)


def _reason(log: Path, status: int) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        why = " (often by the system, when the memory is full)" if name == "SIGKILL" else ""
        return f"killed by {name}{why}"
    with suppress(OSError):
        text = log.read_text(encoding="utf-8", errors="replace").rpartition("\n--- ")[2]
        lines = [line for line in text.splitlines()[1:] if line.strip()]
        told = [line for line in lines if line.startswith(("ms25: ", "ERROR: "))]
        if told:
            return told[-1].removeprefix("ms25: ")
        if lines:
            return f"status {status}: {last_lines(lines[-1]).strip()}"
    return f"ended with status {status}"


def _in_short(reason: str) -> str:
    """First line of a reason, and the last one of the traceback that follows."""
    first, *others = [line.strip() for line in reason.splitlines() if line.strip()] or [""]
    return f"{first} {others[-1]}" if others and first.endswith(":") else first


def _errors(path: Path) -> str:
    """Reasons of the checks that could not be run."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        document: Mapping[str, Any] = json.loads(path.read_bytes())
        found = {
            _in_short(str(result["reason"]))
            for result in document["results"]
            if result.get("verdict") == "error" and result.get("reason")
        }
        return "; ".join(sorted(found))
    return ""
