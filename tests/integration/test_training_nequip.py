"""Real trainings by the nequip framework: small, but through the whole chain."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.nequip.trainer import NequipTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.tiny_nequip import labelled, tiny_recipe
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
