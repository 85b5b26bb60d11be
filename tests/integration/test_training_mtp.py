"""Real trainings of moment tensor potentials: small, but through the whole chain."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.architectures.mtp.fit import (
    Bfgs,
    LeastSquares,
    LevenbergMarquardt,
    Weights,
    loss_of,
)
from ms25_suite.architectures.mtp.model import MtpArchitecture, MtpModel
from ms25_suite.architectures.mtp.run import best_linear, shortest_distance
from ms25_suite.architectures.mtp.template import template
from ms25_suite.architectures.mtp.trainer import MtpTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.training import TrainingData, TrainingRequest, train
from tests.helpers.trainings import Told, children, part

pytest.importorskip("motep")
pytestmark = pytest.mark.mtp

REQUEST = TrainingRequest("mtp", 8, seed=1)
WEIGHTS = Weights(1.0, 0.01, 0.001)
TINY = {"level": 4, "radial_basis_size": 4, "r_max_limit": 4.0, "max_validation": 4}
TINY |= {"frame_passes": 8 * 8, "epochs_least": 2}


def given() -> TrainingData:
    return TrainingData("cuni", "1" * 64, "EMT", "user", 5.0, part(8, 1), part(4, 2))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = {**MtpTrainer().recipe("smoke"), **TINY}
    monkeypatch.setattr(MtpTrainer, "recipe", lambda self, budget: values)
    return values


@pytest.fixture
def data(tmp_path: Path) -> Any:
    from motep.io.mlip.mtp import read_mtp

    path = tmp_path / "untrained.mtp"
    path.write_text(template(6, 2, 1.9, 4.0, 5))
    found = read_mtp(path)
    found.species = [28, 29]
    found.initialize(np.random.default_rng(3))
    return found


def _without(labels: Labels, frame: int) -> Labels:
    stress = np.array(labels.stress)
    stress[frame] = np.nan
    return Labels(labels.energy, labels.forces, stress)


def test_loss_and_gradient_are_those_of_motep(data: Any) -> None:
    from motep.loss import LossFunction, LossSetting

    frames, labels = part(3, 5)
    images = []
    for k in range(3):
        atoms: Atoms = frames.atoms(k)
        rows = slice(frames.offsets[k], frames.offsets[k + 1])
        atoms.calc = SinglePointCalculator(
            atoms, energy=labels.energy[k], forces=labels.forces[rows], stress=labels.stress[k]
        )
        images.append(atoms)
    parameters = np.array(data.parameters)
    theirs = LossFunction(images, data, LossSetting(1.0, 0.01, 0.001))
    expected = theirs(parameters)
    expected_gradient = theirs.jac(parameters)
    point = LeastSquares(data, frames, labels, WEIGHTS, curvature=True)(parameters)
    assert point.loss == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(point.gradient, expected_gradient, rtol=1e-8)
    # The validation loss is the same function of predictions.
    found = EdgeEvaluator(MtpModel(data)).predict(frames)
    assert loss_of(frames, labels, found, WEIGHTS) == pytest.approx(expected, rel=1e-10)


def test_derivatives_of_a_frame_without_stress(data: Any) -> None:
    frames, labels = part(2, 5)
    labels = _without(labels, 1)
    function = LeastSquares(data, frames, labels, WEIGHTS, curvature=True)
    start = best_linear(function, data.parameters)
    point = function(start)
    direction = np.random.default_rng(0).normal(size=len(start))
    step = 1e-6
    losses = [function(start + sign * step * direction).loss for sign in (1, -1)]
    slope = (losses[0] - losses[1]) / (2 * step)
    assert point.gradient @ direction == pytest.approx(slope, rel=1e-5, abs=1e-9)
    # The best linear parameters: nothing is left to gain along them.
    n = function.n_linear
    assert np.abs(point.gradient[:n]).max() < 1e-6 * max(1.0, np.abs(point.gradient).max())
    data.parameters = start
    found = EdgeEvaluator(MtpModel(data)).predict(frames)
    assert loss_of(frames, labels, found, WEIGHTS) == pytest.approx(point.loss, rel=1e-9)


@pytest.mark.parametrize("kind", [Bfgs, LevenbergMarquardt])
def test_a_descent_goes_on_where_it_was(kind: Any, data: Any) -> None:
    frames, labels = part(3, 5)
    function = LeastSquares(data, frames, labels, WEIGHTS, curvature=True)
    start = best_linear(function, data.parameters)
    straight = kind(function, start)
    losses = [straight.point.loss]
    for step in range(4):
        straight.step()
        losses.append(straight.point.loss)
        if step == 1:
            state = {name: np.array(value) for name, value in straight.state.items()}
            parameters = straight.point.parameters
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    continued = kind(function, parameters)
    continued.restore(state)
    for _ in range(2):
        continued.step()
    np.testing.assert_allclose(continued.point.parameters, straight.point.parameters, rtol=1e-9)


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
    with pytest.raises(TrainingError, match="MTP trains on the CPU only"):
        train(MtpTrainer(), REQUEST, given(), device="cuda", threads=1, cache=tmp_path)


def test_shortest_distance() -> None:
    atoms = Atoms("CuNi", [[0, 0, 0], [2.3, 0, 0]], cell=[2.5, 9, 9], pbc=True)
    assert shortest_distance(Frames.from_atoms([atoms]), 5.0) == pytest.approx(0.2)
    assert shortest_distance(Frames.from_atoms([Atoms("Cu")]), 5.0) == 5.0
