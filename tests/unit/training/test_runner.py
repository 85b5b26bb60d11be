"""The shared part of a training, with a fake architecture whose runs are real processes."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import filelock
import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import TrainingError, UsageError
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.fake_training import FakeTrainer, data, part


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.epochs: list[int] = []
        self.calls: list[str] = []
        self.last: tuple[float, ...] = ()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def start(self, total_epochs: int, title: str) -> None:
        self.calls.append(f"start {total_epochs}")

    def update(
        self,
        epoch: int,
        loss: float,
        force_error: float | None,
        energy_error: float | None,
        eta: float | None,
    ) -> None:
        self.epochs.append(epoch)
        self.last = (loss, force_error, energy_error)

    def finish(self) -> None:
        self.calls.append("finish")


@pytest.fixture
def trainer() -> FakeTrainer:
    return FakeTrainer()


REQUEST = TrainingRequest("mace", 3, set=2, seed=5)


def given() -> TrainingData:
    return data(part(3), part(2))


def test_manifest_and_curve(trainer: FakeTrainer, tmp_path: Path) -> None:
    told = Told()
    trained = train(trainer, REQUEST, given(), threads=1, progress=told, cache=tmp_path)
    assert trained.model_path.read_text() == "weights of 5"
    assert trained.model_path.name == "mace-cu-n3-set2-seed5-smoke.model"
    assert not trained.reused
    assert told.calls == ["start 4", "finish"]
    assert told.epochs == [1, 2, 3, 4]
    assert told.last == pytest.approx((0.25, 25.0, 2.5))
    on_disk = json.loads(
        trained.model_path.with_name(f"{trained.model_path.name}.json").read_text()
    )
    assert on_disk.pop("crc32")
    assert on_disk == trained.manifest.to_dict()
    assert on_disk["curve"] == trained.curve
    assert trained.curve["epoch"] == [1, 2, 3, 4]
    found = on_disk
    assert found["architecture"] == "mace"
    assert found["budget"] == "smoke"
    assert found["species"] == ["Cu"]
    assert (found["r_max"], found["dtype"]) == (4.0, "float64")
    assert found["seed"] == 5
    assert found["threads"] == 1
    assert found["versions"] == {"framework": "1.0"}
    assert found["recipe"]["value"] == 1
    assert found["recipe"]["version"] >= 1
    assert found["model"]["sha256"] == file_sha256(trained.model_path)
    assert found["model"]["epoch"] == 3
    assert found["validation_errors"] == pytest.approx(
        {"energy_rmse": 0.01 / 3, "forces_rmse": 0.1 / 3}
    )
    assert found["wall_time"] > 0
    expected = {"name": "cu", "sha256": "0" * 64, "level_of_theory": "EMT", "tier": "user"}
    expected |= {"n_train": 3, "n_validation": 2, "set": 2, "n_train_with_stress": 3}
    assert expected.items() <= found["data"].items()
    assert found["units"]["forces_rmse"] == "eV/Å"
    assert str(tmp_path) not in json.dumps(found)
    # Only the model, its sidecar, the log and the lock are kept.
    kept = {path.name.removeprefix(trained.model_path.name) for path in tmp_path.glob("*/*")}
    assert kept == {"", ".json", ".log", "lock"}


def test_the_same_training_is_done_once(trainer: FakeTrainer, tmp_path: Path) -> None:
    first = train(trainer, REQUEST, given(), cache=tmp_path)
    told = Told()
    second = train(trainer, REQUEST, given(), threads=1, progress=told, cache=tmp_path)
    assert second.reused
    assert second.model_path == first.model_path
    assert second.manifest == first.manifest
    assert second.curve == first.curve
    assert told.calls == []


def test_every_ingredient_names_another_model(
    trainer: FakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def model(request: TrainingRequest = REQUEST, **changed: Any) -> str:
        device = changed.pop("device", "cpu")
        of = dataclasses.replace(given(), **changed)
        trained = train(trainer, request, of, device=device, threads=1, cache=tmp_path)
        return trained.model_path.parent.name

    frames, labels = part(3)
    assert labels.energy is not None
    shifted = dataclasses.replace(labels, energy=labels.energy + 1e-9)
    moved = dataclasses.replace(frames, positions=frames.positions + 1e-9)
    names = [
        model(),
        model(dataclasses.replace(REQUEST, seed=6)),
        model(dataclasses.replace(REQUEST, set=1)),
        model(dataclasses.replace(REQUEST, budget="paper")),
        model(train=(frames, shifted)),
        model(train=(moved, labels)),
        model(validation=part(1)),
        model(device="cuda"),
    ]
    monkeypatch.setattr(trainer, "recipe_value", 2, raising=False)
    names.append(model())
    monkeypatch.setattr(trainer, "framework", "1.1", raising=False)
    names.append(model())
    assert len(set(names)) == len(names)
    # Which of several devices of a kind trains makes no difference.
    assert model(device="cuda:1") == model(device="cuda")


@pytest.mark.parametrize(("resume", "epochs_run"), [(True, 4), (False, 6)])
def test_a_training_that_failed_is_continued_or_starts_again(
    trainer: FakeTrainer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    resume: bool,
    epochs_run: int,
) -> None:
    told = Told()
    monkeypatch.setattr(trainer, "stop_at", 2, raising=False)
    with pytest.raises(TrainingError, match="No space left"):
        train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    monkeypatch.setattr(trainer, "stop_at", 0, raising=False)
    trained = train(trainer, REQUEST, given(), progress=told, cache=tmp_path, resume=resume)
    assert len(told.epochs) == epochs_run
    assert trained.manifest.continued is resume
    assert trained.curve["epoch"] == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["model", "bit", "sidecar", "digit", "no sidecar", "no model"])
def test_a_damaged_model_is_trained_again(
    trainer: FakeTrainer, tmp_path: Path, damage: str
) -> None:
    model = train(trainer, REQUEST, given(), cache=tmp_path).model_path
    sidecar = model.with_name(model.name + ".json")
    if damage == "model":
        model.write_text("weig")
    elif damage == "bit":
        content = bytearray(model.read_bytes())
        content[3] ^= 4
        model.write_bytes(content)
    elif damage == "sidecar":
        sidecar.write_text(sidecar.read_text()[:50])
    elif damage == "digit":  # of a frame that the potential has seen
        text = sidecar.read_text()
        place = text.index('"seen_frames": [') + 30
        digit = "0" if text[place] != "0" else "1"
        sidecar.write_text(text[:place] + digit + text[place + 1 :])
    elif damage == "no sidecar":
        sidecar.unlink()
    else:
        model.unlink()
    told = Told()
    again = train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    assert not again.reused
    assert ["damaged" in note for note in told.notes] == [True]
    assert again.model_path.read_text() == "weights of 5"
    assert train(trainer, REQUEST, given(), cache=tmp_path).reused


def test_a_failure_shows_the_log_and_the_next_call_continues(
    trainer: FakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "stop_at", 2, raising=False)
    told = Told()
    with pytest.raises(TrainingError, match="ended with status 3") as caught:
        train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    assert "No space left on device" in str(caught.value)
    assert "training.log" in str(caught.value)
    assert told.calls == ["start 4", "finish"]
    assert not list(tmp_path.glob("*/*.model*"))
    monkeypatch.setattr(trainer, "stop_at", 0, raising=False)
    told = Told()
    trained = train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    assert told.epochs == [3, 4]
    assert "continuing; 2 of 4 epochs are done" in told.notes[0]
    assert trained.manifest.continued is True
    assert trained.curve["epoch"] == [1, 2, 3, 4]


def test_a_loss_that_is_not_finite_stops_and_names_the_epoch(
    trainer: FakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "nan_at", 3, raising=False)
    monkeypatch.setattr(trainer, "pause", 0.3, raising=False)
    told = Told()
    with pytest.raises(TrainingError, match=r"in epoch 3 .* not finite \(loss nan\)") as caught:
        train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    (work,) = tmp_path.glob("*/work")
    assert str(work) in str(caught.value)
    assert told.epochs == [1, 2]
    assert not list(tmp_path.glob("*/*.model*"))
    # The best state so far is kept, and the same command goes on from it.
    assert (work / "checkpoint").is_file()
    monkeypatch.setattr(trainer, "nan_at", 0, raising=False)
    assert train(trainer, REQUEST, given(), cache=tmp_path).curve["epoch"][-1] == 4


def test_a_stop_ends_the_process(
    trainer: FakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "pause", 0.5, raising=False)

    class CtrlC(Told):
        def update(self, *args: Any) -> None:
            raise KeyboardInterrupt

    told = CtrlC()
    with pytest.raises(KeyboardInterrupt):
        train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
    assert told.calls == ["start 4", "finish"]
    (results,) = tmp_path.glob("*/work/results.txt")
    before = results.read_text()
    time.sleep(1.2)
    assert results.read_text() == before
    # The lock is free again.
    with filelock.FileLock(results.parents[1] / "lock", timeout=0):
        pass


def test_a_second_process_waits_and_takes_the_model(
    trainer: FakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "pause", 0.3, raising=False)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def other() -> None:
        told = Told()
        trained = train(trainer, REQUEST, given(), progress=told, cache=tmp_path)
        queue.put((trained.reused, told.notes))

    process = context.Process(target=other)
    starter = threading.Timer(0.5, process.start)
    starter.start()
    trained = train(trainer, REQUEST, given(), cache=tmp_path)
    starter.join()
    reused, notes = queue.get(timeout=20)
    process.join(timeout=20)
    assert not trained.reused
    assert reused
    assert ["another process" in note for note in notes] == [True]


def test_threads_reach_the_process(trainer: FakeTrainer, tmp_path: Path) -> None:
    trained = train(trainer, REQUEST, given(), threads=3, cache=tmp_path)
    log = trained.model_path.with_name(f"{trained.model_path.name}.log")
    assert "epoch 4 by 3 threads" in log.read_text()


def test_wrong_requests(trainer: FakeTrainer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one thread, got 0"):
        train(trainer, REQUEST, given(), threads=0, cache=tmp_path)
    with pytest.raises(UsageError, match="Did you mean 'standard'"):
        train(trainer, dataclasses.replace(REQUEST, budget="standart"), given(), cache=tmp_path)
    with pytest.raises(TrainingError, match="expected 4 training frames, found 3"):
        train(trainer, dataclasses.replace(REQUEST, n_train=4), given(), cache=tmp_path)


def test_a_cache_that_cannot_be_written(trainer: FakeTrainer, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(TrainingError, match=r"cannot be used: .* MS25_CACHE_DIR"):
        train(trainer, REQUEST, given(), cache=blocked)


def test_the_default_cache_is_that_of_the_suite(trainer: FakeTrainer) -> None:
    trained = train(trainer, REQUEST, given())
    assert trained.model_path.parents[1] == Path(os.environ["MS25_CACHE_DIR"]) / "training"
    shutil.rmtree(trained.model_path.parent)
