"""Real trainings by the nequip framework: small, but through the whole chain."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.nequip.trainer import NequipTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.environments.installation import Installation
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.tiny_nequip import labelled, prepare, run_script, tiny_recipe
from tests.helpers.trainings import Told, children

pytestmark = [pytest.mark.nequip, pytest.mark.slow, pytest.mark.usefixtures("nequip_place")]

REQUEST = TrainingRequest("nequip", 8, seed=1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the trainer")
def test_killed_continued_learns_and_is_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuni_images: list[Atoms]
) -> None:
    recipe = tiny_recipe("nequip", epochs=20)
    monkeypatch.setattr(NequipTrainer, "recipe", lambda self, budget: recipe)
    data = TrainingData(
        "cuni", "1" * 64, "EMT", "user", 5.0, labelled(cuni_images[:8]), labelled(cuni_images[8:12])
    )

    def kill() -> None:
        (process,) = children("nequip.launcher")
        os.kill(process, signal.SIGKILL)

    told = Told(act_at=14, act=kill)
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        train(NequipTrainer(), REQUEST, data, threads=1, progress=told, cache=tmp_path)
    assert told.total == 20
    assert told.epochs[0] == 1
    # It was killed in the second of three phases, of 12, 4 and 4 epochs.
    (output,) = tmp_path.glob("*/work/output")
    assert (output / "phase-1" / "done.json").is_file()
    assert not (output / "phase-2" / "done.json").exists()

    told = Told()
    trained = train(NequipTrainer(), REQUEST, data, threads=1, progress=told, cache=tmp_path)
    assert "continuing" in told.notes[0]
    assert told.epochs[0] > 13
    assert told.epochs == list(range(told.epochs[0], 21))
    assert trained.model_path.name == "nequip-cuni-n8-set1-seed1-smoke.nequip.zip"
    manifest = trained.manifest
    assert manifest.continued is True
    assert trained.curve["epoch"] == list(range(1, 21))
    assert (manifest.species, manifest.r_max) == (("Ni", "Cu"), 3.5)
    assert {"nequip", "torch", "e3nn"} <= set(manifest.versions)

    # The epoch is the best one of the last phase.
    losses = dict(zip(trained.curve["epoch"], trained.curve["loss"], strict=True))
    last = {epoch: loss for epoch, loss in losses.items() if epoch > 16}
    assert manifest.model.epoch == min(last, key=lambda epoch: last[epoch])

    # The delivered model is the one whose errors the manifest states, and it has learned.
    frames, labels = data.validation
    options = PotentialOptions(use_cache=False)
    potential = from_model_file(trained.model_path, "nequip", "trained", options)
    found = potential.predict(frames)
    potential.close()
    stated = manifest.validation_errors
    error = np.abs(found.forces - labels.forces).mean()
    assert error == pytest.approx(stated["forces_mae"], rel=1e-6)
    per_atom = np.abs(found.energy - labels.energy) / frames.n_atoms
    assert per_atom.mean() == pytest.approx(stated["energy_mae"], rel=1e-6)
    assert error < 0.7 * np.abs(labels.forces).mean()

    again = train(NequipTrainer(), REQUEST, data, threads=1, cache=tmp_path)
    assert again.reused
    assert again.manifest == manifest


@pytest.fixture(scope="module")
def interrupted(
    tmp_path_factory: pytest.TempPathFactory,
    nequip_place: Installation,
    cuni_images: list[Atoms],
) -> dict[str, Path]:
    """Work folders of three trainings: whole, stopped and continued, with a loss that is NaN."""
    root = tmp_path_factory.mktemp("interrupted")
    works: dict[str, Path] = {}
    for name in ("whole", "broken", "nan"):
        works[name] = prepare(root / name, "nequip", cuni_images, epochs=5)
    config = json.loads((works["nan"] / "config.json").read_text())
    config["phases"][0]["training_module"]["optimizer"]["lr"] = 1e30
    (works["nan"] / "config.json").write_text(json.dumps(config))
    arguments = [str(works["whole"]), str(works["broken"]), "3", str(works["nan"])]
    run_script(nequip_place, "nequip_interrupted.py", *arguments)
    return works


def _lines(work: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (work / "results.jsonl").read_text().splitlines()]


def test_a_continued_training_ends_like_a_whole_one(interrupted: dict[str, Path]) -> None:
    whole, broken = _lines(interrupted["whole"]), _lines(interrupted["broken"])
    # The epoch in which it was stopped is run again, and its line is written again.
    assert [line["epoch"] for line in broken] == [1, 2, 3, 3, 4, 5]
    latest = {line["epoch"]: line for line in broken}
    assert [latest[line["epoch"]] for line in whole] == whole


def test_a_loss_that_is_not_finite_is_said(interrupted: dict[str, Path]) -> None:
    error = (interrupted["nan"] / "error.txt").read_text()
    assert "loss is nan in epoch 1" in error.lower()
    assert "no epoch was finished before" in error
