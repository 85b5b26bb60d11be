"""Real trainings by the nequip framework: small, but through the whole chain."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.nequip.trainer import AllegroTrainer, NequipTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.variants.fine_tuning import Tuning
from ms25_suite.training import Trainer, TrainingData, TrainingRequest, train
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


@pytest.mark.parametrize("kind", [NequipTrainer, AllegroTrainer])
def test_a_child_starts_from_its_parent_and_learns(
    kind: type[Trainer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cuni_images: list[Atoms],
) -> None:
    name = kind.architecture.name
    request = replace(REQUEST, architecture=name)
    recipe = tiny_recipe(name, epochs=4)
    monkeypatch.setattr(kind, "recipe", lambda self, budget: recipe)
    data = TrainingData(
        "cuni", "1" * 64, "EMT", "user", 5.0, labelled(cuni_images[:8]), labelled(cuni_images[8:12])
    )
    parent = train(kind(), request, data, threads=1, cache=tmp_path)
    plain = kind.tuning_recipe
    values = {"frame_passes": 16, "epochs_least": 2, "max_validation": 4}
    monkeypatch.setattr(
        kind,
        "tuning_recipe",
        lambda self, budget, strategy: {**plain(self, budget, strategy), **values},
    )
    # The same frames at another level of theory: each copper atom has 5 eV more.
    frames, labels = data.train
    assert labels.energy is not None
    more = np.array([5.0 * np.sum(frames.atoms(i).numbers == 29) for i in range(len(frames))])
    moved = replace(data, train=(frames, replace(labels, energy=labels.energy + more)))
    tuning = Tuning(str(parent.model_path), "naive")
    given = tuning.open(kind(), request, moved, None, "cpu")
    assert given.parent is not None
    assert given.parent.energy_shifts[29] == pytest.approx(5.0, abs=0.3)
    child = train(kind(), request, given, threads=1, cache=tmp_path)
    record = child.manifest.parent
    assert record is not None
    assert (record.sha256, record.strategy) == (parent.manifest.model.sha256, "naive")
    assert child.manifest.recipe["energy_shifts"]["Cu"] == pytest.approx(5.0, abs=0.3)
    assert child.manifest.dtype == "float64"
    # After two epochs of small steps it is near its parent, with its zero at the new place.
    found = []
    for path in (parent.model_path, child.model_path):
        options = PotentialOptions(use_cache=False)
        potential = from_model_file(path, name, "p", options)
        found.append(potential.predict(frames))
        potential.close()
    before, after = found
    assert before.energy is not None
    assert after.energy is not None
    assert labels.forces is not None
    assert np.abs(after.energy - before.energy - more).max() < 0.1 * more.max()
    before_error, after_error = (np.abs(one.forces - labels.forces).mean() for one in found)
    assert after_error < before_error
    assert not np.array_equal(after.forces, before.forces)
