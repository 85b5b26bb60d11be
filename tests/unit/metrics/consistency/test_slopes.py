"""Differences between slopes of the energy and forces or stress, and how well they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.consistency.slopes import (
    COMPONENTS,
    Bundle,
    Path,
    Slope,
    displacements,
    sides,
    slopes,
    steps_for,
    strain_paths,
)
from tests.helpers.in_process import InProcess
from tests.helpers.wrong_potentials import (
    Curl,
    Forces3Percent,
    Good,
    OneElement,
    ShearSign,
    ShearSwapped,
    ShearZero,
)
from tests.unit.metrics.consistency.test_copies import crystal

FRAME = Frames.from_atoms([crystal()])
DISPLACEMENT, STRAIN = steps_for("float32")


def moves(elements: Sequence[int] = (28, 29), seed: int = 0) -> Bundle:
    rng = np.random.default_rng(seed)
    return Bundle.of(displacements(FRAME, elements, rng, DISPLACEMENT), rng)


def strains() -> Bundle:
    return Bundle.of(strain_paths(FRAME, STRAIN), np.random.default_rng(1))


def measured(
    kind: type[Good],
    bundle: Bundle,
    spoil: Callable[[Predictions], Predictions] = lambda predictions: predictions,
    rounding: float = 0.0,
) -> list[Slope]:
    potential = InProcess(kind())

    def predict(frame: Frames) -> Predictions:
        return spoil(potential.predict(frame))

    ends = [sides(FRAME, path) for path in bundle.all_paths]
    found = [(predict(before), predict(after)) for before, after in ends]
    return slopes(FRAME, predict(FRAME), bundle, found, rounding=rounding)


def test_derivatives_differ_by_far_less_than_anything_that_matters() -> None:
    for slope in measured(Good, moves()):
        assert slope.difference < 1e-4
        assert slope.difference < 5 * slope.error + 1e-5
    for slope in measured(Good, strains()):
        assert slope.difference < 1e-6


@pytest.mark.parametrize("kind", [Forces3Percent, Curl])
def test_forces_that_are_no_derivatives_are_found(kind: type[Good]) -> None:
    found = measured(kind, moves())
    assert max(slope.difference - slope.error for slope in found) > 0.01


def test_the_element_that_is_wrong_is_named() -> None:
    found = measured(OneElement, moves())
    wrong = {slope.what for slope in found if slope.difference > 0.01}
    assert wrong == {"random displacements of Ni"}


def test_the_size_of_a_difference_is_that_of_the_components() -> None:
    """Noise of a known size in the forces, over many paths."""

    def noisy(predictions: Predictions) -> Predictions:
        assert predictions.forces is not None
        wrong = np.random.default_rng(5).normal(0.0, 0.1, predictions.forces.shape)
        return Predictions(predictions.energy, predictions.forces + wrong, predictions.stress)

    found = [s.difference for seed in range(20) for s in measured(Good, moves(seed=seed), noisy)]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(0.1, rel=0.25)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (ShearSign, {"yz", "xz", "xy"}),
        (ShearZero, {"yz", "xz", "xy"}),
        (ShearSwapped, {"yz", "xy"}),
    ],
)
def test_the_component_that_is_wrong_is_named(kind: type[Good], wrong: set[str]) -> None:
    found = measured(kind, strains())
    assert [slope.what for slope in found] == [f"component {name}" for name in COMPONENTS]
    assert {s.what.split()[1] for s in found if s.difference - s.error > 1e-4} == wrong


def test_the_difference_of_a_stress_is_that_of_its_component() -> None:
    def shifted(predictions: Predictions) -> Predictions:
        assert predictions.stress is not None
        wrong = np.array([0.001, 0.002, 0.003, 0.004, 0.005, 0.006])
        return Predictions(predictions.energy, predictions.forces, predictions.stress + wrong)

    found = [slope.difference for slope in measured(Good, strains(), shifted)]
    assert found == pytest.approx([0.001, 0.002, 0.003, 0.004, 0.005, 0.006], rel=0.02)


def test_the_error_grows_with_the_rounding_of_energies() -> None:
    """Energies in single precision, with a total energy like that of an all-electron code."""

    def rounded(predictions: Predictions) -> Predictions:
        assert predictions.energy is not None
        energy = np.float32(predictions.energy - 40000.0).astype(float)
        return Predictions(energy, predictions.forces, predictions.stress)

    known = 40000.0 * float(np.finfo(np.float32).eps)
    exact, coarse = measured(Good, moves()), measured(Good, moves(), rounded, known)
    assert max(s.difference for s in coarse) > 10 * max(s.difference for s in exact)
    # What is not resolved is not called wrong.
    assert all(slope.difference <= slope.error for slope in coarse)


def test_known_rounding_is_part_of_the_error() -> None:
    plain, known = measured(Good, moves()), measured(Good, moves(), rounding=0.01)
    for one, other in zip(plain, known, strict=True):
        assert other.error > one.error
        assert other.difference == one.difference


def test_a_path_moves_one_element_by_the_step() -> None:
    path, *_ = displacements(FRAME, [28], np.random.default_rng(0), 0.01)
    moved = FRAME.numbers == 28
    assert not path.displacement[~moved].any()
    norms = np.linalg.norm(path.displacement[moved], axis=1)
    assert np.sqrt((norms**2).mean()) == pytest.approx(0.01)


def test_the_last_path_is_half_of_all() -> None:
    first = Path("a", np.array([[1.0, 0.0, 0.0]]), np.zeros((3, 3)))
    second = Path("b", np.array([[0.0, 1.0, 0.0]]), np.zeros((3, 3)))
    last = Bundle((first, second), np.array([1.0, -1.0])).all_paths[-1]
    assert last.displacement.tolist() == [[0.5, -0.5, 0.0]]


def test_a_stress_is_needed_along_a_strain() -> None:
    def without(predictions: Predictions) -> Predictions:
        return Predictions(predictions.energy, predictions.forces)

    with pytest.raises(ValueError, match="expected predictions with a stress"):
        measured(Good, strains(), without)


def test_an_atom_alone_is_displaced() -> None:
    frame = Frames.from_atoms([Atoms("Cu", [[0, 0, 0]])])
    paths = displacements(frame, [29], np.random.default_rng(0), 0.01)
    assert all(np.linalg.norm(path.displacement) == pytest.approx(0.01) for path in paths)
