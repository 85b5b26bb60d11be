"""Measure what an epoch of each architecture costs on each dataset of the paper: time and memory.

    python tests/benchmarks/paper_costs.py --out ms25_suite/campaign/costs.toml

Each combination trains for ten seconds after its first epoch, or for one if that takes longer
than two minutes, in a process of its own with one thread. What is in the file is not measured anew,
so the command can be stopped at any time. `ms25 campaign plan` makes its estimates from the file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ARCHITECTURES = ("ani", "mace", "nequip", "allegro", "mtp")
"""The quick ones first: a step of MTP with BFGS takes many minutes on one core."""

DATASETS = ("mgo-2x2", "cha", "hea", "reaction", "zro", "mgo-4x4", "water-64", "water-192")
FRAMES = 50
LONG_S = 120.0
SHORT_S = 10.0
MOST_EPOCHS = 100


class _EnoughError(Exception):
    """The epochs that are wanted are over."""


class _Watch:
    """Notes the time and the CPU time at which each epoch ends."""

    def __init__(self) -> None:
        self.ends: list[tuple[int, float, float]] = []
        self.started = time.monotonic()

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def start(self, total_epochs: int, title: str) -> None:
        self.started = time.monotonic()

    def update(self, epoch: int, *numbers: float | None) -> None:
        # While the program runs: the CPU time of one that has ended is not seen.
        self.ends.append((epoch, time.monotonic() - self.started, _cpu_s_of_children()))
        first, now = self.ends[0], self.ends[-1]
        if first[1] > LONG_S or (epoch > first[0] and now[1] - first[1] > SHORT_S):
            raise _EnoughError

    def finish(self) -> None:
        pass


def _cpu_s_of_children() -> float:
    """CPU time of all processes below this one, which have not ended yet."""
    import psutil

    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            spent = process.cpu_times()
        except psutil.Error:
            continue
        total += spent.user + spent.system
    return total


def _short(settings: dict[str, Any]) -> dict[str, Any]:
    """The same training, but for its length."""
    settings = dict(settings)
    if "max_num_epochs" in settings:
        settings["max_num_epochs"] = MOST_EPOCHS
    if "seconds_most" in settings:
        settings["seconds_most"] = 1e9
    if "phases" in settings:
        first = {**settings["phases"][0], "epochs": MOST_EPOCHS, "seconds": None}
        settings["phases"] = [first]
    return settings


def measure(architecture: str, dataset: str, budget: str) -> dict[str, Any]:
    """Train for one or two epochs, and say what each costs."""
    from ms25_suite.core.machine import machine
    from ms25_suite.datasets.dataset import open_dataset
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.training import train
    from ms25_suite.training.data import training_data, training_request

    opened = open_dataset(dataset, tier="mini")
    trainer = get_trainer(architecture)
    n = min(FRAMES, len(opened.divided().train()))
    request = training_request(opened, trainer, n=n, budget=budget)
    make = trainer.settings
    trainer.settings = lambda *given: _short(make(*given))  # type: ignore[method-assign]
    watch = _Watch()
    place = tempfile.TemporaryDirectory(prefix="ms25-costs-")
    with place as folder, contextlib.suppress(_EnoughError):
        train(
            trainer,
            request,
            training_data(opened, request),
            threads=1,
            progress=watch,
            cache=Path(folder),
        )
    if not watch.ends:
        msg = "the training ended before its first epoch"
        raise RuntimeError(msg)
    with_start = watch.ends[0][0] == watch.ends[-1][0]
    before = (0, 0.0, 0.0) if with_start else watch.ends[0]
    n_epochs = watch.ends[-1][0] - before[0]
    wall, cpu = ((watch.ends[-1][k] - before[k]) / n_epochs for k in (1, 2))
    if cpu <= 0:
        msg = "the program ended before its CPU time could be read"
        raise RuntimeError(msg)
    # Of the largest process below this one, in KiB on Linux.
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "architecture": architecture,
        "dataset": dataset,
        "budget": budget,
        "frames": n,
        "cpu_s_per_epoch": float(f"{cpu:.3g}"),
        "wall_s_per_epoch": float(f"{wall:.3g}"),
        "with_start": with_start,
        "memory_mb": round(memory),
        "machine": machine().cpu,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _as_toml(table: str, entry: dict[str, Any]) -> str:
    # Texts, numbers and truth values are written in JSON as in TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    return "\n".join([f"\n[[{table}]]", *lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", default="paper")
    parser.add_argument("--only", metavar="ARCH,DATASET", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(*options.only.split(","), options.budget)))
        return
    variables = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for architecture in ARCHITECTURES:
        for dataset in DATASETS:
            text = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
            known = tomllib.loads(text).get("training", [])
            wanted = (architecture, dataset, options.budget)
            if wanted in [(one["architecture"], one["dataset"], one["budget"]) for one in known]:
                continue
            command = [sys.executable, __file__, "--out", str(options.out)]
            command += ["--budget", options.budget, "--only", f"{architecture},{dataset}"]
            done = subprocess.run(
                command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                print(f"{architecture} on {dataset}: failed", file=sys.stderr, flush=True)
                continue
            with options.out.open("a", encoding="utf-8") as file:
                file.write(_as_toml("training", json.loads(done.stdout.splitlines()[-1])))
            print(done.stdout.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
