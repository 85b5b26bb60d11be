"""Reasons to end a trajectory."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.dynamics.breaks import Limits, find_break, find_overlap, shortest_distances

LIMITS = Limits({(29, 29): 2.0}, 10.0)
COPPER = Frames.from_atoms([bulk("Cu", cubic=True)])


@pytest.mark.parametrize(
    ("energy", "force", "kind", "message"),
    [
        (-1.0, 0.0, None, ""),
        (-1.0, 9.9, None, ""),
        (-1.0, -10.1, "forces", "a force component of 10.1 eV/Å, larger than 10 eV/Å"),
        (np.nan, np.nan, "not-finite", "the energy or a force is not finite"),
    ],
)
def test_why_a_frame_ends(energy: float, force: float, kind: str | None, message: str) -> None:
    forces = np.zeros((4, 3))
    forces[2, 1] = force
    found = find_break(COPPER, 0, Predictions(np.array([energy]), forces), 7, LIMITS)
    assert (found and found.kind) == kind
    if found is not None:
        assert (found.step, found.message) == (7, message)


def test_atoms_that_are_too_close_are_named_with_their_distance() -> None:
    close = Limits({(29, 29): 2.6}, 10.0)
    found = find_break(COPPER, 0, Predictions(np.zeros(1), np.zeros((4, 3))), 0, close)
    assert found is not None
    assert (found.kind, found.message) == (
        "overlap",
        "Cu and Cu are 2.55 Å apart, closer than 2.60 Å",
    )


def test_predictions_without_forces_are_refused() -> None:
    with pytest.raises(ValueError, match="energies and forces"):
        find_break(COPPER, 0, Predictions(np.zeros(1)), 0, LIMITS)


def test_pairs_beyond_the_cutoff_are_left_out() -> None:
    assert shortest_distances(COPPER, 2.0) == {}


def test_a_neighbour_may_be_an_image() -> None:
    found = shortest_distances(Frames.from_atoms([bulk("Cu", a=3.6)]), 3.0)
    assert found == {(29, 29): pytest.approx(3.6 / np.sqrt(2))}


def test_distances_are_those_of_the_pairs_of_elements() -> None:
    water = molecule("H2O")
    found = shortest_distances(Frames.from_atoms([water, bulk("Cu", cubic=True)]), 4.0)
    assert found[1, 8] == pytest.approx(water.get_distance(0, 1))
    assert found[1, 1] == pytest.approx(water.get_distance(1, 2))
    assert found[29, 29] == pytest.approx(3.61 / np.sqrt(2))
    frames = Frames.from_atoms([water])
    assert find_overlap(frames, 0, {(1, 8): 0.9, (1, 1): 1.4}) is None
    pair, distance = find_overlap(frames, 0, {(1, 8): 0.9, (1, 1): 1.6}) or ((0, 0), 0.0)
    assert (pair, distance) == ((1, 1), pytest.approx(water.get_distance(1, 2)))
    assert find_overlap(frames, 0, {}) is None
