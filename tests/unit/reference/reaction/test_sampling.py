"""The sampling of the reaction: conditions, starts, and dynamics with one distance held."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT

from ms25_suite.reference.reaction.path import reference_path
from ms25_suite.reference.reaction.sampling import (
    ReactionSampling,
    conditions,
    run_trajectory,
    start,
)
from ms25_suite.reference.reaction.surface import CARBON, LEAVING, N_FIXED

SHORT = ReactionSampling(equilibration_fs=5.0, spacing_fs=2.0)


def test_conditions_are_even_and_independent() -> None:
    distances, temperatures = conditions(200, ReactionSampling(), 25)
    for values, low, high in ((distances, 1.05, 3.0), (temperatures, 300.0, 1000.0)):
        counts, _ = np.histogram(values, bins=10, range=(low, high))
        assert (counts == 20).all()
    assert abs(np.corrcoef(distances, temperatures)[0, 1]) < 0.2


@pytest.mark.parametrize("distance", [1.0, 1.3, 2.0, 3.0])
def test_start_lies_on_the_path_at_the_distance(distance: float) -> None:
    path = reference_path()
    atoms = start(path, distance)
    assert atoms.get_distance(CARBON, LEAVING, mic=True) == pytest.approx(distance, abs=1e-9)
    others = [index for index in range(len(atoms)) if index != LEAVING]
    way = [np.abs(image.positions - atoms.positions)[others].max() for image in path]
    assert min(way) < 0.5


def test_distance_is_held_and_fixed_layers_stay() -> None:
    atoms = start(reference_path(), 1.7)
    initial = atoms.positions.copy()
    images = run_trajectory(SHORT, atoms, EMT(), 300.0, 3, np.random.default_rng(1))
    assert len(images) == 3
    for image in images:
        held = image.get_distance(CARBON, LEAVING, mic=True)
        assert held == pytest.approx(1.7, abs=1e-5)
        np.testing.assert_array_equal(image.positions[:N_FIXED], initial[:N_FIXED])
        assert image.calc is None
        assert image.constraints == []
        assert set(image.arrays) == {"numbers", "positions"}
    assert np.abs(images[1].positions - images[0].positions)[N_FIXED:].max() > 1e-3


def test_trajectory_follows_the_generator() -> None:
    def last(seed: int) -> np.ndarray:
        atoms = start(reference_path(), 1.7)
        rng = np.random.default_rng(seed)
        return run_trajectory(SHORT, atoms, EMT(), 300.0, 1, rng)[0].positions

    np.testing.assert_array_equal(last(1), last(1))
    assert not np.allclose(last(1), last(2))
