"""Real trainings of moment tensor potentials: small, but through the whole chain."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.architectures.mtp.model import MtpArchitecture
from ms25_suite.architectures.mtp.trainer import MtpTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.trainings import Told, children, part

pytest.importorskip("motep")
pytestmark = pytest.mark.mtp

REQUEST = TrainingRequest("mtp", 8, seed=1)
TINY = {"level": 4, "radial_basis_size": 4, "r_max_limit": 4.0, "max_validation": 4}
TINY |= {"frame_passes": 8 * 8, "epochs_least": 2}


def given() -> TrainingData:
    return TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, part(8, 1), part(4, 2))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = {**MtpTrainer().recipe("smoke"), **TINY}
    monkeypatch.setattr(MtpTrainer, "recipe", lambda self, budget: values)
    return values


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the trainer")
def test_killed_continued_learns_and_is_the_same_as_without_the_kill(
    tiny: dict[str, Any], tmp_path: Path
) -> None:
    def kill() -> None:
        for process in children("mtp.run"):
            os.kill(process, signal.SIGKILL)

    tiny.update(frame_passes=8 * 30)
    told = Told(act_at=2, act=kill)
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        train(MtpTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path / "a")
    told = Told()
    trained = train(MtpTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path / "a")
    assert "continuing" in told.notes[0]
    assert trained.curve["epoch"] == list(range(1, 31))
    assert trained.model_path.suffix == ".mtp"
    manifest = trained.manifest
    assert manifest.species == ("Ni", "Cu")
    assert manifest.r_max == 4.0

    frames, labels = given().validation
    model = MtpArchitecture().load(
        trained.model_path, device="cpu", dtype="float64", species=manifest.species
    )
    found = EdgeEvaluator(model).predict(frames)
    stated = manifest.validation_errors
    assert np.abs(found.forces - labels.forces).mean() == pytest.approx(stated["forces_mae"])
    assert stated["forces_mae"] < 0.5 * np.abs(labels.forces).mean()
    losses = trained.curve["loss"]
    assert manifest.model.epoch == 1 + losses.index(min(losses))

    straight = train(MtpTrainer(), REQUEST, given(), threads=1, cache=tmp_path / "b")
    np.testing.assert_allclose(straight.curve["loss"], losses, rtol=1e-6)


def test_it_ends_when_the_loss_no_longer_falls(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny.update(optimizer="bfgs", loss_stop=1.1, frame_passes=8 * 60, level=2)
    trained = train(MtpTrainer(), REQUEST, given(), threads=1, cache=tmp_path)
    assert trained.manifest.model.ended_by == "loss"
    assert len(trained.curve["epoch"]) == 51


def test_a_gpu_is_refused(tiny: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="mtp trains on the CPU only"):
        train(MtpTrainer(), REQUEST, given(), device="cuda", threads=1, cache=tmp_path)
