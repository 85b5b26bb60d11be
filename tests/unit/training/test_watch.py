"""Epochs and time of a running training."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import TrainingError
from ms25_suite.training.curve import LineFollower
from ms25_suite.training.trainer import Trainer
from ms25_suite.training.watch import Stopwatch, Watch
from tests.helpers.fake_training import FakeArchitecture


class LineTrainer(Trainer):
    architecture = FakeArchitecture


class Told:
    def __init__(self) -> None:
        self.epochs: list[tuple[int, float | None, float | None]] = []

    def note(self, text: str) -> None: ...

    def start(self, total_epochs: int, title: str) -> None: ...

    def update(
        self,
        epoch: int,
        loss: float,
        force_error: float | None,
        energy_error: float | None,
        eta: float | None,
    ) -> None:
        self.epochs.append((epoch, force_error, eta))

    def finish(self) -> None: ...


ERRORS = {"energy_rmse": 0.002, "forces_rmse": 0.05}


def append(path: Path, epoch: int, loss: float = 1.0, errors: Mapping[str, float] = ERRORS) -> None:
    record: dict[str, Any] = {"epoch": epoch, "loss": loss, **errors}
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watch(tmp_path: Path, told: Told) -> Watch:
    return Watch(LineTrainer(), LineFollower(tmp_path / "results"), 3, told, tmp_path)


def test_epochs_are_passed_on_once(tmp_path: Path, watch: Watch, told: Told) -> None:
    watch.poll()
    append(tmp_path / "results", 1)
    watch.poll()
    append(tmp_path / "results", 2)
    append(tmp_path / "results", 3)
    watch.poll()
    assert [epoch for epoch, _, _ in told.epochs] == [1, 2, 3]
    first, _, last = told.epochs
    # In meV/Å; the time left is unknown at first, and none at the end.
    assert first[1:] == (pytest.approx(50.0), None)
    assert last[2] == pytest.approx(0.0)
    assert watch.continued_from is None


def test_epochs_of_an_earlier_run_are_not_shown_again(
    tmp_path: Path, watch: Watch, told: Told
) -> None:
    append(tmp_path / "results", 1)
    append(tmp_path / "results", 2, math.nan)
    watch.catch_up()
    assert (watch.continued_from, told.epochs) == (1, [])
    append(tmp_path / "results", 2)
    watch.poll()
    assert [report.epoch for report in watch.reports] == [1, 2]


def test_a_training_program_need_not_report_errors(
    tmp_path: Path, watch: Watch, told: Told
) -> None:
    append(tmp_path / "results", 1, errors={})
    append(tmp_path / "results", 2, errors={"forces_rmse": 0.05})
    watch.poll()
    assert [error for _, error, _ in told.epochs] == [None, pytest.approx(50.0)]


def test_a_loss_that_is_not_finite_stops(tmp_path: Path, watch: Watch) -> None:
    append(tmp_path / "results", 1, math.inf)
    with pytest.raises(TrainingError, match=r"in epoch 1 .* not finite \(loss inf\)"):
        watch.poll()


@pytest.mark.parametrize(("before", "least"), [(None, 0.0), ("12.5", 12.5), ("damaged", 0.0)])
def test_time_is_summed_over_runs(tmp_path: Path, before: str | None, least: float) -> None:
    path = tmp_path / "clock"
    if before is not None:
        path.write_text(before)
    stopwatch = Stopwatch(path)
    with stopwatch:
        pass
    assert stopwatch.total == pytest.approx(least, abs=1.0)
    assert float(path.read_text()) == stopwatch.total
