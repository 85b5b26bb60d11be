"""Fine-tuning of MACE through its own training script, from models of a few parameters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.training import TrainedModel, TrainingData, TrainingRequest, train
from ms25_suite.training.parent import Parent, Replay
from tests.helpers.mace_oracle import SCRIPTS
from tests.helpers.trainings import Told, children, part

pytest.importorskip("mace")
pytestmark = [pytest.mark.mace, pytest.mark.slow]

REQUEST = TrainingRequest("mace", 8, seed=1)


def make_model(path: Path, heads: str = "Default") -> Path:
    """An untrained model of Al, Ni and Cu; float32, as many foundation models."""
    command = [sys.executable, str(SCRIPTS / "make_mace.py"), str(path), "13,28,29", "4.0", "8"]
    subprocess.run([*command, heads], check=True, capture_output=True)
    return path


def opened(path: Path, frames: Frames, head: str = "") -> Predictions:
    options = PotentialOptions(use_cache=False, head=head)
    potential = from_model_file(path, "mace", "p", options)
    try:
        return potential.predict(frames)
    finally:
        potential.close()


def data(file: Path, strategy: str, head: str = "", **more: Any) -> TrainingData:
    replayed = Replay("old", "EMT of old", part(8, 3), part(4, 4)) if strategy == "replay" else None
    parent = Parent(
        file=file,
        given="models/parent.model",
        sha256="ab" * 32,
        elements=(13, 28, 29),
        r_max=4.0,
        strategy=strategy,
        head=head,
        level_of_theory="EMT of old",
        replay=replayed,
        **more,
    )
    train_part, validation = part(8, 1), part(4, 2)
    return TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, train_part, validation, parent=parent)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Values that replace those of the recipe: one epoch in double precision."""
    values: dict[str, Any] = {
        "default_dtype": "float64",
        "frame_passes": 8,
        "epochs_least": 1,
        "batch_size": 2,
        "max_validation": 4,
    }
    plain = MaceTrainer.tuning_recipe
    monkeypatch.setattr(
        MaceTrainer,
        "tuning_recipe",
        lambda self, budget, strategy: {**plain(self, budget, strategy), **values},
    )
    return values


@pytest.mark.parametrize(("strategy", "head"), [("naive", "scan"), ("replay", ""), ("lora", "")])
def test_a_child_that_learns_nothing_is_its_parent(
    strategy: str, head: str, recipe: dict[str, Any], tmp_path: Path
) -> None:
    """Weights, scales, heads and energies of all elements must arrive in the child."""
    recipe.update(lr=1e-14, lr_final=1e-14)
    parent = make_model(tmp_path / "parent.model", "pbe,scan" if head else "Default")
    given = data(parent, strategy, head)
    child = train(MaceTrainer(), REQUEST, given, threads=1, cache=tmp_path / "cache")
    frames, labels = given.train
    assert labels.energy is not None
    # Eight frames of the new data, and an element that they lack.
    every = [*(frames.atoms(index) for index in range(8)), bulk("Al", cubic=True)]
    asked = Frames.from_atoms(every)
    before, after = opened(parent, asked, head), opened(child.model_path, asked)
    assert before.energy is not None
    assert after.energy is not None
    np.testing.assert_allclose(after.forces, before.forces, atol=1e-9)
    moved = after.energy - before.energy
    assert moved[8] == pytest.approx(0.0, abs=1e-9)
    # The energies of the elements are those that fit the new data best; nothing else moves.
    counts = np.array([[np.sum(atoms.numbers == z) for z in (28, 29)] for atoms in every[:8]])
    wanted = np.linalg.lstsq(counts, labels.energy - before.energy[:8], rcond=None)[0]
    np.testing.assert_allclose(moved[:8], counts @ wanted, atol=1e-6)
    assert np.abs(counts @ wanted).max() > 1.0
    if strategy == "replay":
        kept = opened(child.model_path, asked, "pt_head")
        np.testing.assert_allclose(kept.energy, before.energy, atol=1e-9)
        np.testing.assert_allclose(kept.forces, before.forces, atol=1e-9)


def error(path: Path, which: tuple[Frames, Any], head: str = "") -> float:
    frames, labels = which
    return float(np.abs(opened(path, frames, head).forces - labels.forces).mean())


def test_replay_learns_both_and_the_sidecar_says_so(recipe: dict[str, Any], tmp_path: Path) -> None:
    recipe.update(frame_passes=8 * 12, lr=0.01, lr_final=0.005)
    parent = make_model(tmp_path / "parent.model")
    given = data(parent, "replay", seen_frames=("ab",))
    assert given.parent is not None
    child: TrainedModel = train(MaceTrainer(), REQUEST, given, threads=1, cache=tmp_path / "cache")
    manifest = child.manifest
    assert manifest.parent is not None
    assert manifest.model.head == "Default"
    assert manifest.heads == {"pt_head": "EMT of old", "Default": "EMT"}
    assert manifest.species == ("Al", "Ni", "Cu")
    assert manifest.r_max == 4.0
    assert len(manifest.seen_frames) == 8 + 4 + 8 + 4 + 1
    record = manifest.parent
    assert (record.name, record.path, record.strategy) == ("parent", given.parent.given, "replay")
    assert (record.replay, record.n_replay, record.level_of_theory) == ("old", 8, "EMT of old")
    assert record.options["multiheads_finetuning"] is True
    # The curve is that of the new data: the replayed ones have lines of their own.
    assert child.curve["epoch"] == list(range(1, 13))
    frames, labels = given.validation
    stated = manifest.validation_errors["forces_mae"]
    assert error(child.model_path, (frames, labels)) == pytest.approx(stated, rel=1e-6)
    assert stated < 0.8 * error(parent, given.validation)
    assert given.parent.replay is not None
    replayed = given.parent.replay.validation
    assert error(child.model_path, replayed, "pt_head") < 0.8 * error(parent, replayed)

    again = train(MaceTrainer(), REQUEST, given, threads=1, cache=tmp_path / "cache")
    assert again.reused
    # Neither its name nor its place matters, its content does.
    moved = replace(given, parent=replace(given.parent, given="elsewhere.model"))
    assert train(MaceTrainer(), REQUEST, moved, threads=1, cache=tmp_path / "cache").reused


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the trainer")
def test_a_fine_tuning_that_was_killed_continues(recipe: dict[str, Any], tmp_path: Path) -> None:
    recipe.update(frame_passes=8 * 8)
    given = data(make_model(tmp_path / "parent.model"), "lora")

    def kill() -> None:
        (process,) = children("mace.launcher")
        os.kill(process, signal.SIGKILL)

    told = Told(act_at=3, act=kill)
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        train(MaceTrainer(), REQUEST, given, threads=1, progress=told, cache=tmp_path)
    told = Told()
    child = train(MaceTrainer(), REQUEST, given, threads=1, progress=told, cache=tmp_path)
    assert "continuing" in told.notes[0]
    assert told.epochs[0] > 1
    assert child.manifest.continued is True
    assert child.curve["epoch"] == list(range(1, 9))
