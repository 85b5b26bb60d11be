"""Sums over all forces."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.consistency.sums import net_force, net_torque


def test_forces_between_two_atoms_add_up_to_nothing() -> None:
    forces = np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
    assert net_force(forces) == 0.0


@pytest.mark.parametrize("n", [4, 400])
def test_the_norm_is_that_of_one_independent_error(n: int) -> None:
    errors = np.random.default_rng(0).normal(0.0, 0.1, (200, n, 3))
    assert np.mean([net_force(one) for one in errors]) == pytest.approx(0.13, rel=0.15)


def test_central_forces_turn_nothing_and_others_do() -> None:
    positions = np.array([[0.0, 0, 0], [2.0, 0, 0]])
    assert net_torque(positions, np.array([[1.0, 0, 0], [-1.0, 0, 0]])) == 0.0
    # A pair of forces of 1 eV/Å across a distance of 2 Å, radius 1 Å.
    crossed = net_torque(positions, np.array([[0.0, 1, 0], [0, -1.0, 0]]))
    assert crossed == pytest.approx(2.0 / np.sqrt(2.0))


def test_a_single_atom_has_no_torque() -> None:
    assert net_torque(np.ones((1, 3)), np.ones((1, 3))) == 0.0
