"""Campaigns whose tasks do nothing but count themselves, and an engine of threads."""

from __future__ import annotations

import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ms25_suite.campaign.opening import OpenedCampaign, open_campaign
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.store import Store, open_store

CARD = """
datasets = ["cha"]
architectures = ["mtp"]
sizes = {sizes}
seeds = {seeds}
criteria = {criteria}
retries = {retries}

{engine}
"""

LOCAL = "[engine.local]\nworkers = {workers}"

SLURM = """
[engine.slurm]
partition = "test"
cores = 2
walltime = "{walltime}"
address = "127.0.0.1"
lost_after_s = 10
"""


def campaign(
    folder: Path,
    *,
    sizes: Sequence[int] = (25, 50),
    n_seeds: int = 1,
    criteria: Sequence[str] = ("error_thresholds",),
    retries: int = 2,
    workers: int = 2,
    engine: str = "",
) -> OpenedCampaign:
    """A campaign on built-in data, as a file in a folder."""
    path = folder / "made.toml"
    words = [f'"{name}"' for name in criteria]
    text = CARD.format(
        sizes=list(sizes),
        seeds=list(range(n_seeds)),
        criteria=f"[{', '.join(words)}]",
        retries=retries,
        engine=engine or LOCAL.format(workers=workers),
    )
    path.write_text(text, encoding="utf-8")
    return open_campaign(str(path))


class Counted:
    """Commands that stand for tasks: each adds a line to a file, and leaves its result.

    Parameters
    ----------
    folder
        Folder of the file.
    body
        Lines of shell that a task runs before its result is there; ``$KEY`` is its key.
    """

    def __init__(self, folder: Path, body: str = "") -> None:
        self.file = folder / "counted"
        self._body = body
        self._store: Store = open_store()
        place = self._store.root.parent / "nothing"
        place.mkdir(exist_ok=True)
        self._store.folder("note").mkdir(parents=True, exist_ok=True)
        self._store.finish("note", place)
        self._note = self._store.folder("note") / "done.json"

    def __call__(self, row: Row) -> list[str]:
        folder = self._store.folder(row.key)
        note, done = shlex.quote(str(self._note)), shlex.quote(str(folder / "done.json"))
        # As a task does: under the lock of its key, and only if its result is not there.
        lines = [
            f"KEY={row.key}; mkdir -p {shlex.quote(str(folder))}",
            f"exec 9>{shlex.quote(str(folder / 'lock'))}; flock 9; cmp -s {note} {done} && exit 0",
            self._body,
            f"echo {row.key} >> {shlex.quote(str(self.file))}; cp {note} {done}",
        ]
        return ["sh", "-c", "\n".join(filter(None, lines))]

    def counts(self) -> Counter[str]:
        """How often each task was done."""
        try:
            return Counter(self.file.read_text(encoding="utf-8").split())
        except FileNotFoundError:
            return Counter()


class Threads:
    """An engine of threads, with what the test makes of each command.

    Parameters
    ----------
    run
        Runs a command.
    """

    def __init__(self, run: Callable[[Sequence[str]], Any] | None = None) -> None:
        self._run = run or run_captured
        self.started = self.closed = 0

    def start(self) -> None:
        self.started += 1
        self._pool = ThreadPoolExecutor(2)

    def group(self, kind: str) -> str:
        return "all"

    def submit(self, command: Sequence[str], kind: str) -> Future[Any]:
        return self._pool.submit(self._run, command)

    def close(self) -> None:
        self.closed += 1
        self._pool.shutdown(cancel_futures=True)


def run_captured(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What a worker does with a command."""
    return subprocess.run(command, capture_output=True, text=True)
