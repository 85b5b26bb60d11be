"""Base class of the trainers, with an architecture that needs nothing but the standard library."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import ArchitectureNotInstalledError, TrainingError, UsageError
from ms25_suite.training import TrainingRequest
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.files import read_arrays
from ms25_suite.training.trainer import Trainer, discard_torn
from tests.helpers.fake_training import data, part

RECIPE = """
version = 2
[common]
dtype = "float32"
r_max_default = 6.0
[smoke]
r_max_limit = 5.0
batch_size = 4
frame_passes = 100
epochs_least = 2
epochs_most = 50
max_validation = 3
seconds_per_frame = 2.0
[paper]
max_num_epochs = 7
[paper.systems]
hea = { r_max = 1.0, width = 8 }
"""
REQUEST = TrainingRequest("plain", 10, seed=3)


class Architecture:
    name = "plain"
    package = "json"
    distributions = ("numpy", "no-such-distribution")
    requirement = "plain-package"
    environment = ""


class PlainTrainer(Trainer):
    architecture = Architecture
    suffix = ".plain"
    module = "plain.run"
    path = Path()

    @property
    def recipe_file(self) -> Path:
        return self.path


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlainTrainer:
    path = tmp_path / "plain.toml"
    path.write_text(RECIPE)
    monkeypatch.setattr(PlainTrainer, "path", path)
    return PlainTrainer()


def given(n: int = 10, **values: Any):
    return dataclasses.replace(data(part(n), part(8)), **values)


def test_settings_are_computed_from_the_recipe(trainer: PlainTrainer) -> None:
    found = trainer.settings(trainer.recipe("smoke"), REQUEST, given(cutoff=None))
    assert found == {
        "dtype": "float32",
        "batch_size": 4,
        "r_max": 5.0,
        "max_num_epochs": 10,
        "seconds_most": 20.0,
        "n_validation": 3,
        "seed": 3,
    }
    assert (trainer.n_epochs(found), trainer.r_max(found), trainer.dtype(found)) == (
        10,
        5.0,
        "float32",
    )
    few = trainer.settings(trainer.recipe("smoke"), REQUEST, given(2, cutoff=4.5))
    assert (few["batch_size"], few["r_max"], few["max_num_epochs"]) == (2, 4.5, 50)


def test_a_budget_for_systems(trainer: PlainTrainer) -> None:
    recipe = trainer.recipe("paper")
    found = trainer.settings(recipe, REQUEST, given(cutoff=5.5, system="hea"))
    # The cutoff is that of the dataset.
    assert (found["width"], found["r_max"], found["n_validation"]) == (8, 5.5, 8)
    with pytest.raises(TrainingError, match="no system of the paper"):
        trainer.settings(recipe, REQUEST, given())
    with pytest.raises(UsageError, match=r"unknown training budget 'standard'.*: smoke, paper$"):
        trainer.recipe("standard")


def test_versions_and_installation(trainer: PlainTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer.require_installed()
    found = trainer.versions()
    assert list(found) == ["numpy", "no-such-distribution"]
    assert found["no-such-distribution"] == "unknown"
    monkeypatch.setattr(Architecture, "package", "no_such_module")
    with pytest.raises(ArchitectureNotInstalledError, match='pip install "plain-package"'):
        trainer.require_installed()


def test_inputs_and_command(trainer: PlainTrainer, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"epoch": 1}\n{"epo')
    chosen = trainer.settings(trainer.recipe("smoke"), REQUEST, given())
    command = trainer.prepare(tmp_path, chosen, given(), "cuda:1")
    assert command[-2:] == ["plain.run", "config.json"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == {**chosen, "device": "cuda", "model_file": "best.plain"}
    frames, labels = read_arrays(tmp_path / "train.npz")
    assert len(frames) == 10
    assert labels.stress is not None
    assert len(read_arrays(tmp_path / "validation.npz")[0]) == 3
    assert trainer.results_file(tmp_path).read_text() == '{"epoch": 1}\n'


def test_a_device_that_the_package_has_no_code_for(
    trainer: PlainTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainTrainer, "cpu_only", True)
    chosen = trainer.settings(trainer.recipe("smoke"), REQUEST, given())
    with pytest.raises(TrainingError, match=r"plain trains on the CPU only, found --device=cuda"):
        trainer.prepare(tmp_path, chosen, given(), "cuda")


def test_epochs_are_read_from_lines(trainer: PlainTrainer) -> None:
    record = {"epoch": 3, "loss": 0.5, "forces_mae": 0.2, "energy_mae": None, "lr": 0.1}
    assert trainer.epoch_report(record) == EpochReport(3, 0.5, {"forces_mae": 0.2})
    assert trainer.epoch_report({"epoch": None, "loss": 0.5}) is None
    assert trainer.epoch_report({"epoch": 2}) is None


def test_the_result_of_a_run(trainer: PlainTrainer, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"of plain ended .* left no outcome\.json in"):
        trainer.result(tmp_path)
    (tmp_path / "outcome.json").write_text('{"epoch": 4, "ended_by": "time"}')
    with pytest.raises(TrainingError, match=r"left no best\.plain in"):
        trainer.result(tmp_path)
    (tmp_path / "best.plain").touch()
    found = trainer.result(tmp_path)
    assert (found.path.name, found.epoch, found.ended_by) == ("best.plain", 4, "time")
    assert (found.chosen_by, found.weights) == ("lowest validation loss", "weights")


def test_torn_archives_are_removed(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.pt", tmp_path / "torn.pt"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("data.pkl", "x")
    torn.write_bytes(whole.read_bytes()[:20])
    changed = tmp_path / "changed.pt"
    content = bytearray(whole.read_bytes())
    content[content.index(b"data.pkl") + len("data.pkl")] ^= 1
    changed.write_bytes(content)
    discard_torn([whole, torn, changed, tmp_path / "absent.pt"])
    assert whole.is_file()
    assert not torn.exists()
    assert not changed.exists()
