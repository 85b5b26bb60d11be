"""What a campaign costs beyond Parsl: 5,000 tasks of 50 ms, planned, run and looked at.

    python -m tests.benchmarks.campaign_scale FOLDER [--tasks 5000] [--workers 8]

Each measurement is a process of its own. The times need an idle machine; CPU times are those of the
process that runs the campaign.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from ms25_suite.campaign.engines.engine import ParslEngine
from ms25_suite.campaign.rows import campaign_rows, open_datasets
from ms25_suite.campaign.run import run_campaign
from tests.helpers.campaigns import Counted, campaign

BODY = "sleep 0.05"


def _usage() -> tuple[float, float, float]:
    """Time, CPU time in s, and memory in MiB of this process."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), own.ru_utime + own.ru_stime, own.ru_maxrss / 1024


def _bare(folder: Path, n: int, workers: int) -> None:
    """The same commands through the same engine, without a campaign."""
    opened = campaign(folder, sizes=[25], n_seeds=n // 2, workers=workers)
    rows = campaign_rows(opened.card, open_datasets(opened.card))
    commands = list(map(Counted(folder, BODY), rows))
    engine = ParslEngine(opened.card, folder / "engine")
    engine.start()
    engine.submit(["true"], "train").result()
    before = _usage()
    futures = [engine.submit(command, "train") for command in commands]
    for future in futures:
        future.result().check_returncode()
    _print("bare Parsl", n, before)
    engine.close()


def _campaign(folder: Path, n: int, workers: int) -> None:
    opened = campaign(folder, sizes=[25], n_seeds=n // 2, workers=workers)
    before = _usage()
    outcome = run_campaign(opened, folder / "made.campaign", command=Counted(folder, BODY))
    _print("campaign, with plan and start", outcome.done, before)


def _print(what: str, n: int, before: tuple[float, float, float]) -> None:
    wall, cpu, memory = _usage()
    wall, cpu = wall - before[0], cpu - before[1]
    print(
        f"{what}: {n} tasks in {wall:.1f} s ({1e3 * wall / n:.2f} ms each), CPU "
        f"{1e3 * cpu / n:.2f} ms each, {memory:.0f} MiB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--only", choices=("bare", "campaign"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder, n, workers = options.folder, options.tasks, options.workers
    if options.only is not None:
        {"bare": _bare, "campaign": _campaign}[options.only](folder, n, workers)
        return
    for what in ("bare", "campaign"):
        place = folder / what
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *(sys.executable, "-m", "tests.benchmarks.campaign_scale", str(place)),
                *("--tasks", str(n), "--workers", str(workers), "--only", what),
            ],
            env={**os.environ, "MS25_CACHE_DIR": str(place / "cache")},
            check=True,
        )
    place = folder / "campaign"
    for action in ("plan", "status", "status"):
        start = time.monotonic()
        arguments = [action, str(place / "made.toml"), "--folder", str(place / "made.campaign")]
        subprocess.run(
            [sys.executable, "-m", "ms25_suite", "campaign", *arguments],
            env={**os.environ, "MS25_CACHE_DIR": str(place / "cache")},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        print(f"{action}: {time.monotonic() - start:.2f} s", flush=True)


if __name__ == "__main__":
    main()
