"""What came of the command of a task."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from subprocess import CompletedProcess
from typing import Any

from ms25_suite.campaign.engines.engine import is_lost
from ms25_suite.campaign.task import TOLD
from ms25_suite.core.errors import CampaignError

__all__ = ["LostError", "ends_upon_sigterm", "last_words", "result_of", "told_by"]


class LostError(Exception):
    """A task ended with its worker."""


def result_of(future: Future[Any], patience_s: float | None = None) -> CompletedProcess[str]:
    """What a command printed.

    Parameters
    ----------
    future
        From the engine.
    patience_s
        Longest wait in seconds; None: as long as it takes.

    Raises
    ------
    EngineStopped
        No worker can be started any more.
    LostError
        Its worker was lost.
    CampaignError
        The worker could not run it.
    """
    try:
        found: CompletedProcess[str] = future.result(timeout=patience_s)
    except TimeoutError as error:
        msg = f"no worker came up within {patience_s} s; the logs are in the folder `engine`"
        raise CampaignError(msg) from error
    except Exception as error:
        if is_lost(error):
            raise LostError(str(error)) from error
        msg = f"the worker could not run it: {type(error).__name__}: {error}"
        raise CampaignError(msg) from error
    return found


def told_by(found: CompletedProcess[str]) -> dict[str, Any]:
    """What a task said of itself in its last line."""
    for line in reversed((found.stdout or "").splitlines()):
        if line.startswith(TOLD):
            with contextlib.suppress(ValueError):
                told = json.loads(line.removeprefix(TOLD))
                return told if isinstance(told, dict) else {}
    return {}


def last_words(found: CompletedProcess[str]) -> str:
    """What a command that failed said last, where it did not say why it failed."""
    if found.returncode == 0:
        return "it ended without an error, and left no result in the cache"
    if found.returncode < 0:
        return f"it was killed by {signal.Signals(-found.returncode).name}"
    lines = (found.stderr or found.stdout or "").strip().splitlines()
    return f"it ended with status {found.returncode}" + (f": {lines[-1]}" if lines else "")


@contextlib.contextmanager
def ends_upon_sigterm() -> Iterator[None]:
    """Let SIGTERM end the campaign as Ctrl-C does, with its workers."""

    def end(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:
        # Not the main thread.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
