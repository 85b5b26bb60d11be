"""Real trainings of ANI: small, but through the whole chain."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.architectures.ani.file import expect_no_extensions
from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.architectures.ani.trainer import AniTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.trainings import Told, children, part

expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.ani

REQUEST = TrainingRequest("ani", 8, seed=1)
TINY = {
    "radial_cutoff_limit": 4.0,
    "radial_shifts": 6,
    "angular_sections": 4,
    "hidden": [8],
    "dtype": "float64",
    "lr": 0.02,
    "lr_final": 0.005,
    "max_validation": 4,
    "frame_passes": 8 * 40,
}


def given() -> TrainingData:
    return TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, part(8, 1), part(4, 2))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = {**AniTrainer().recipe("smoke"), **TINY}
    monkeypatch.setattr(AniTrainer, "recipe", lambda self, budget: values)
    return values


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the trainer")
@pytest.mark.slow
def test_killed_continued_learns_and_is_the_same_as_without_the_kill(
    tiny: dict[str, Any], tmp_path: Path
) -> None:
    def kill() -> None:
        (process,) = children("ani.run")
        os.kill(process, signal.SIGKILL)

    told = Told(act_at=3, act=kill)
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        train(AniTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path / "a")
    assert told.total == 40
    told = Told()
    trained = train(AniTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path / "a")
    assert "continuing" in told.notes[0]
    assert told.epochs == list(range(told.epochs[0], 41))
    assert told.epochs[0] > 1
    assert trained.manifest.continued is True
    assert trained.manifest.species == ("Ni", "Cu")
    assert trained.manifest.r_max == 4.0
    assert trained.curve["epoch"] == list(range(1, 41))

    # The delivered model is the one whose errors the manifest states, and it has learned.
    frames, labels = given().validation
    assert labels.forces is not None
    assert labels.energy is not None
    model = TorchaniArchitecture().load(trained.model_path, device="cpu", dtype="float64")
    found = EdgeEvaluator(model).predict(frames)
    stated = trained.manifest.validation_errors
    assert np.abs(found.forces - labels.forces).mean() == pytest.approx(stated["forces_mae"])
    per_atom = np.abs(found.energy - labels.energy) / frames.n_atoms
    assert per_atom.mean() == pytest.approx(stated["energy_mae"])
    assert np.abs(found.stress - labels.stress).mean() == pytest.approx(stated["stress_mae"])
    assert stated["forces_mae"] < 0.7 * np.abs(labels.forces).mean()
    losses = trained.curve["loss"]
    assert trained.manifest.model.epoch == 1 + losses.index(min(losses))

    straight = train(AniTrainer(), REQUEST, given(), threads=1, cache=tmp_path / "b")
    assert straight.curve == trained.curve
    again = train(AniTrainer(), REQUEST, given(), threads=1, cache=tmp_path / "b")
    assert again.reused
    other = dataclasses.replace(REQUEST, seed=2)
    tiny.update(frame_passes=16, epochs_least=2)
    assert (
        train(AniTrainer(), other, given(), threads=1, cache=tmp_path).curve["loss"][0] != losses[0]
    )


def test_a_loss_that_is_not_a_number_stops_and_names_the_epoch(
    tiny: dict[str, Any], tmp_path: Path
) -> None:
    tiny.update(lr=1e200, lr_final=1e200)
    with pytest.raises(TrainingError, match=r"loss of epoch 1 is not a number: no epoch before"):
        train(AniTrainer(), REQUEST, given(), threads=1, cache=tmp_path)


def test_frames_without_a_stress_are_trained_on(tiny: dict[str, Any], tmp_path: Path) -> None:
    """Some frames with, some without; and a training that ends by its learning rate."""
    frames, labels = part(8, 1)
    stress = np.array(labels.stress)
    stress[::2] = np.nan
    mixed = (frames, dataclasses.replace(labels, stress=stress))
    data = TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, mixed, part(4, 2))
    tiny.update(
        scheduler="ReduceLROnPlateau",
        scheduler_patience=0,
        lr_factor=1e-6,
        lr_stop=1e-5,
        epochs_most=200,
        frame_passes=8 * 200,
    )
    trained = train(AniTrainer(), REQUEST, data, threads=1, cache=tmp_path)
    assert trained.manifest.model.ended_by == "learning rate"
    assert len(trained.curve["epoch"]) < 200
    assert all(np.isfinite(trained.curve["stress_mae"]))
