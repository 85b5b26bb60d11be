"""Trainings that train nothing: random frames, and a trainer whose runs are real processes."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.training import Trainer, TrainingData
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.manifest import Manifest, ModelRecord
from ms25_suite.training.request import Part
from ms25_suite.training.trainer import Outcome

SCRIPT = """
import json, os, sys, time
epochs, stop_at, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
first = int(open("checkpoint").read()) if os.path.exists("checkpoint") else 0
for epoch in range(first, epochs):
    time.sleep(pause)
    with open("results.txt", "a") as file:
        file.write(json.dumps({"epoch": epoch + 1}) + "\\n")
    with open("new", "w") as file:
        file.write(str(epoch + 1))
    os.replace("new", "checkpoint")
    print("epoch", epoch + 1, "by", os.environ["OMP_NUM_THREADS"], "threads", flush=True)
    if epoch + 1 == stop_at:
        print("No space left on device", flush=True)
        sys.exit(3)
open("out.model", "w").write("weights of " + sys.argv[4])
"""


class FakeArchitecture:
    """Has MACE's name, so that requests for it are accepted."""

    name = "mace"
    package = "json"
    distributions = ()
    requirement = "json"
    environment = ""


class FakeTrainer(Trainer):
    """Trains nothing, in a process; `stop_at` makes it fail after that epoch."""

    architecture = FakeArchitecture
    suffix = ".model"
    stop_at = 0
    nan_at = 0
    pause = 0.0
    recipe_value = 1
    framework = "1.0"

    def versions(self) -> dict[str, str]:
        return {"framework": self.framework}

    @property
    def recipe_file(self) -> Path:
        return MaceTrainer().recipe_file

    def settings(self, recipe: Mapping[str, Any], request: Any, data: Any) -> dict[str, Any]:
        return {"value": self.recipe_value, "seed": request.seed}

    def n_epochs(self, settings: Mapping[str, Any]) -> int:
        return 4

    def r_max(self, settings: Mapping[str, Any]) -> float:
        return 4.0

    def dtype(self, settings: Mapping[str, Any]) -> str:
        return "float64"

    def prepare(self, work: Path, settings: Any, data: TrainingData, device: str) -> list[str]:
        arguments = [4, self.stop_at, self.pause, settings["seed"]]
        return [sys.executable, "-c", SCRIPT, *map(str, arguments)]

    def results_file(self, work: Path) -> Path:
        return work / "results.txt"

    def epoch_report(self, record: Mapping[str, Any]) -> EpochReport | None:
        epoch = record["epoch"]
        errors = {"energy_rmse": 0.01 / epoch, "forces_rmse": 0.1 / epoch}
        return EpochReport(epoch, math.nan if epoch == self.nan_at else 1.0 / epoch, errors)

    def result(self, work: Path) -> Outcome:
        return Outcome(work / "out.model", 3, "this test", "none")


def part(n: int, *, stress: bool = True, number: int = 29) -> Part:
    rng = np.random.default_rng(3)
    frames = Frames(
        numbers=np.full(2 * n, number),
        positions=rng.normal(size=(2 * n, 3)),
        cells=np.tile(3.0 * np.eye(3), (n, 1, 1)),
        pbc=np.ones((n, 3), dtype=bool),
        offsets=np.arange(0, 2 * n + 1, 2),
    )
    labels = Labels(
        energy=rng.normal(size=n),
        forces=rng.normal(size=(2 * n, 3)),
        stress=rng.normal(size=(n, 6)) if stress else None,
    )
    return frames, labels


def data(train: Part, validation: Part) -> TrainingData:
    return TrainingData("cu", "0" * 64, "EMT", "user", 4.0, train, validation)


def manifest(**values: Any) -> Manifest:
    """A manifest with some of its values."""
    return Manifest(schema=1, model=ModelRecord(sha256="ab" * 32), curve={}, **values)
