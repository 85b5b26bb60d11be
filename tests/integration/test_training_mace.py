"""Real trainings of MACE: small, but through the whole chain."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.core.frames import Frames
from ms25_suite.training import TrainedModel, TrainingData, TrainingRequest, train
from ms25_suite.training.manifest import read_manifest
from tests.helpers.trainings import Told, children, part

pytest.importorskip("mace")
pytestmark = [pytest.mark.mace, pytest.mark.slow]

REQUEST = TrainingRequest("mace", 8, seed=1)
TINY = {
    "r_max_limit": 3.5,
    "num_channels": 4,
    "radial_MLP": "[8]",
    "max_ell": 1,
    "lr_final": 0.005,
    "ema_decay": 0.9,
    "max_validation": 4,
    "frame_passes": 8 * 16,
    "epochs_least": 2,
}


def given() -> TrainingData:
    return TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, part(8, 1), part(4, 2))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = {**MaceTrainer().recipe("smoke"), **TINY}
    monkeypatch.setattr(MaceTrainer, "recipe", lambda self, budget: values)
    return values


def predict(trained: TrainedModel, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    """Energies and forces by MACE's own calculator, in a process of its own."""
    code = """
import sys, numpy as np
from ase.io import read
from mace.calculators import MACECalculator
calculator = MACECalculator(model_paths=sys.argv[1], device="cpu", default_dtype="float64")
energies, forces = [], []
for atoms in read(sys.argv[2], ":"):
    atoms.calc = calculator
    energies.append(atoms.get_potential_energy())
    forces.append(atoms.get_forces())
np.savez(sys.argv[3], energy=energies, forces=np.concatenate(forces))
"""
    from ase.io import write

    folder = trained.model_path.parent
    write(folder / "frames.extxyz", [frames.atoms(index) for index in range(len(frames))])
    names = [str(trained.model_path), str(folder / "frames.extxyz"), str(folder / "out.npz")]
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, *names], check=True)
    with np.load(folder / "out.npz") as arrays:
        return arrays["energy"], arrays["forces"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the trainer")
def test_killed_continued_learns_and_is_reused(tiny: dict[str, Any], tmp_path: Path) -> None:
    def kill() -> None:
        (process,) = children("mace.launcher")
        os.kill(process, signal.SIGKILL)

    told = Told(act_at=5, act=kill)
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        train(MaceTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path)
    assert told.total == 16
    assert told.epochs[0] == 1
    checkpoints = list(tmp_path.glob("*/work/output/checkpoints/*.pt"))
    assert checkpoints, "nothing to continue from"

    told = Told()
    trained = train(MaceTrainer(), REQUEST, given(), threads=1, progress=told, cache=tmp_path)
    assert "continuing" in told.notes[0]
    # It goes on from the best epoch so far, which is run again.
    assert told.epochs[0] > 1
    assert told.epochs == list(range(told.epochs[0], 17))
    assert trained.manifest.continued is True
    assert trained.curve["epoch"] == list(range(1, 17))
    assert trained.manifest.species == ("Ni", "Cu")
    assert trained.manifest.r_max == 3.5

    # The delivered model is the one whose errors the manifest states, and it has learned.
    frames, labels = given().validation
    assert labels.forces is not None
    assert labels.energy is not None
    energy, forces = predict(trained, frames)
    stated = trained.manifest.validation_errors
    assert np.abs(forces - labels.forces).mean() == pytest.approx(stated["forces_mae"], rel=1e-3)
    per_atom = np.abs(energy - labels.energy) / frames.n_atoms
    assert per_atom.mean() == pytest.approx(stated["energy_mae"], rel=1e-2)
    zero_force = np.abs(labels.forces).mean()
    assert stated["forces_mae"] < 0.7 * zero_force

    # The epoch is the best one of stage two.
    start = trained.manifest.recipe["start_swa"]
    losses = dict(zip(trained.curve["epoch"], trained.curve["loss"], strict=True))
    stage_two = {epoch: loss for epoch, loss in losses.items() if epoch > start}
    assert trained.manifest.model.epoch == min(stage_two, key=lambda epoch: stage_two[epoch])

    again = train(MaceTrainer(), REQUEST, given(), threads=1, cache=tmp_path)
    assert again.reused
    assert again.manifest == trained.manifest


def test_the_same_seed_gives_the_same_model(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny.update(frame_passes=16, default_dtype="float64")
    curves = [
        train(MaceTrainer(), request, given(), threads=1, cache=tmp_path / name).curve
        for name, request in (
            ("a", REQUEST),
            ("b", REQUEST),
            ("c", dataclasses.replace(REQUEST, seed=2)),
        )
    ]
    assert curves[0] == curves[1]
    assert curves[0]["loss"] != curves[2]["loss"]


def test_what_mace_refuses_is_told(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny.update(scheduler="none-such")
    with pytest.raises(TrainingError, match="Unknown scheduler: 'none-such'"):
        train(MaceTrainer(), REQUEST, given(), threads=1, cache=tmp_path)
    (model_folder,) = tmp_path.iterdir()
    assert read_manifest(model_folder / "mace-cuni-n8-set1-seed1-smoke.model") is None
