"""The training loop, with a model of one number."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.training.files import write_arrays
from ms25_suite.training.run import TrainingRun
from tests.helpers.damage import damaged
from tests.helpers.fake_training import part


class Halving(TrainingRun):
    """Its loss halves in each epoch; from `rises_at` on the validation loss rises."""

    checkpoint = "checkpoint.json"
    rises_at = 99
    nan_at = 99
    converges_at = 99
    stop_at = 99

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.value = 1.0
        self.restore()

    def advance(self) -> float:
        if self.epoch == self.stop_at:
            raise KeyboardInterrupt
        self.value /= 2
        return self.value

    def validate(self) -> tuple[float, dict[str, float]]:
        loss = self.value if self.epoch < self.rises_at else float(self.epoch)
        return (math.nan if self.epoch == self.nan_at else loss), {"forces_mae": self.value}

    def extras(self) -> dict[str, float]:
        return {"lr": 0.1}

    def converged(self) -> str:
        return "convergence" if self.epoch >= self.converges_at else ""

    def write_model(self, path: Path) -> None:
        path.write_text(str(self.value))

    def write_checkpoint(self, path: Path, progress: Mapping[str, Any]) -> None:
        path.write_text(json.dumps({**progress, "value": self.value}))

    def read_checkpoint(self, path: Path) -> Mapping[str, Any]:
        content: dict[str, Any] = json.loads(path.read_text())
        self.value = content["value"]
        return content


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    write_arrays(tmp_path / "train.npz", part(3))
    write_arrays(tmp_path / "validation.npz", part(2))
    return {"max_num_epochs": 4, "model_file": "best.txt"}


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("results.jsonl").read_text().splitlines()]


def outcome() -> tuple[int, str]:
    found = json.loads(Path("outcome.json").read_text())
    return found["epoch"], found["ended_by"]


def test_it_keeps_the_best_model(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Halving, "rises_at", 3)
    Halving(config).run()
    first = {"epoch": 1, "loss": 0.5, "train_loss": 0.5, "lr": 0.1, "forces_mae": 0.5}
    assert lines()[0] == first
    assert [line["epoch"] for line in lines()] == [1, 2, 3, 4]
    assert outcome() == (2, "number of epochs")
    assert Path("best.txt").read_text() == "0.25"
    assert "epoch 2: loss 0.25 (training 0.25)" in capsys.readouterr().out


def test_it_continues_where_it_was_stopped(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Halving, "stop_at", 3)
    with pytest.raises(KeyboardInterrupt):
        Halving(config).run()
    monkeypatch.setattr(Halving, "stop_at", 99)
    continued = Halving(config)
    assert (continued.epoch, continued.best) == (2, (0.25, 2))
    continued.run()
    assert [line["loss"] for line in lines()] == [0.5, 0.25, 0.125, 0.0625]
    # Nothing is left to do.
    Halving(config).run()
    assert len(lines()) == 4


def stopped(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Halving, "stop_at", epoch)
        with pytest.raises(KeyboardInterrupt):
            Halving(config).run()


def test_a_damaged_checkpoint_is_never_continued_from(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped(config, monkeypatch, 3)
    path = Path("checkpoint.json")
    for content in damaged(path.read_bytes(), 100):
        path.write_bytes(content)
        started = Halving(config)
        assert (started.epoch, started.value, started.best) == (0, 1.0, (math.inf, 0))
        assert not path.exists()
    assert "checkpoint.json is damaged: its checksum is wrong: starting again" in (
        capsys.readouterr().out
    )
    Halving(config).run()
    assert Path("best.txt").read_text() == "0.0625"


def test_a_damaged_model_is_not_the_result(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped(config, monkeypatch, 3)
    Path("best.txt").write_text("0.35")
    monkeypatch.setattr(Halving, "rises_at", 3)
    Halving(config).run()
    # The model of epoch 2 was better, but is lost.
    assert outcome() == (3, "number of epochs")
    assert Path("best.txt").read_text() == "0.125"
    assert "the model of epoch 2 is missing or damaged: the best of the following" in (
        capsys.readouterr().out
    )


def test_a_damaged_model_after_the_last_epoch_starts_again(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Halving(config).run()
    Path("best.txt").unlink()
    with pytest.raises(SystemExit, match="no epoch left: start the training again"):
        Halving(config)
    Halving(config).run()
    assert Path("best.txt").read_text() == "0.0625"


def test_what_ends_it_earlier(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Halving, "converges_at", 2)
    Halving(config).run()
    assert outcome() == (2, "convergence")
    Path("checkpoint.json").unlink()
    Halving({**config, "seconds_most": 0.0}).run()
    assert outcome() == (0, "time")


@pytest.mark.parametrize(
    ("nan_at", "kept"),
    [(1, "no epoch before it gave a model"), (3, r"the model of epoch 2 is kept in .*best\.txt")],
)
def test_a_loss_that_is_not_a_number_stops_it(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, nan_at: int, kept: str
) -> None:
    monkeypatch.setattr(Halving, "nan_at", nan_at)
    with pytest.raises(SystemExit, match=rf"validation loss of epoch {nan_at} is not .*: {kept}"):
        Halving(config).run()
    assert len(lines()) == nan_at - 1 if nan_at > 1 else not Path("results.jsonl").exists()


def test_it_is_a_program(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("config.json").write_text(json.dumps(config))
    monkeypatch.setattr("sys.argv", ["run", "config.json"])
    Halving.main()
    assert outcome() == (4, "number of epochs")
