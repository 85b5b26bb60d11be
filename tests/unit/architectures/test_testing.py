"""The inherited tests notice wrong adapters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.testing import ArchitectureConformance, standard_frames
from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel


class HalfForces(LennardJonesModel):
    """Forgets that each pair is two directed edges."""

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        energy, gradient = super().evaluate(graph)
        return energy, 0.5 * gradient


class Absolute(LennardJonesModel):
    """Prefers a direction."""

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        energy, gradient = super().evaluate(graph)
        return energy + np.bincount(
            graph.graph_of_atom[graph.senders],
            weights=graph.vectors[:, 0] ** 2,
            minlength=graph.n_graphs,
        ), gradient


@pytest.fixture
def images() -> dict[str, Atoms]:
    return standard_frames(("Ni", "Cu"))


@pytest.fixture
def suite() -> ArchitectureConformance:
    return ArchitectureConformance()


def predict(model: LennardJonesModel, images: dict[str, Atoms]) -> Predictions:
    return EdgeEvaluator(model).predict(Frames.from_atoms(images.values()))


def test_structures_of_every_kind(images: dict[str, Atoms]) -> None:
    pbc = {tuple(atoms.pbc.tolist()) for atoms in images.values()}
    assert {(True,) * 3, (True, True, False), (True, False, False), (False,) * 3} <= pbc
    assert images["left-handed cell"].cell.handedness == -1
    assert len(images["lone atom"]) == 1
    assert set(images["mixture"].symbols) == {"Ni", "Cu"}


def test_a_right_model_passes(suite: ArchitectureConformance, images: dict[str, Atoms]) -> None:
    evaluator = EdgeEvaluator(LennardJonesModel())
    predicted = predict(LennardJonesModel(), images)
    suite.test_forces_are_slopes_of_the_energy(evaluator, images, predicted)
    suite.test_stress_is_the_slope_along_a_strain(evaluator, images, predicted)
    suite.test_forces_of_a_frame_add_up_to_nothing(images, predicted)


def test_forces_that_are_no_slopes(
    suite: ArchitectureConformance, images: dict[str, Atoms]
) -> None:
    evaluator, predicted = EdgeEvaluator(HalfForces()), predict(HalfForces(), images)
    with pytest.raises(AssertionError):
        suite.test_forces_are_slopes_of_the_energy(evaluator, images, predicted)
    with pytest.raises(AssertionError):
        suite.test_stress_is_the_slope_along_a_strain(evaluator, images, predicted)


def test_a_model_that_prefers_a_direction(
    suite: ArchitectureConformance, images: dict[str, Atoms]
) -> None:
    evaluator, predicted = EdgeEvaluator(Absolute()), predict(Absolute(), images)
    with pytest.raises(AssertionError):
        suite.test_moved_turned_and_renumbered_frames_are_the_same(evaluator, images, predicted)


def test_a_net_force(suite: ArchitectureConformance, images: dict[str, Atoms]) -> None:
    predicted = predict(LennardJonesModel(), images)
    pushed = replace(predicted, forces=predicted.forces + 1e-3)
    with pytest.raises(AssertionError):
        suite.test_forces_of_a_frame_add_up_to_nothing(images, pushed)
