"""Least squares and minimisation of moment tensor potentials, against motep."""

from __future__ import annotations

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
from ms25_suite.architectures.mtp.model import MtpModel
from ms25_suite.architectures.mtp.run import best_linear
from ms25_suite.architectures.mtp.template import template
from ms25_suite.core.frames import Labels
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.trainings import part

pytest.importorskip("motep")
pytestmark = pytest.mark.mtp


WEIGHTS = Weights(1.0, 0.01, 0.001)


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
