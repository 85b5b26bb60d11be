"""The ASE calculator on top of a function that predicts frames."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.lj import LennardJones

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.ase_calculator import PotentialCalculator
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel


def test_results_are_those_of_the_same_potential_in_ase() -> None:
    atoms = bulk("Cu", a=3.45, cubic=True)
    atoms.rattle(0.1, seed=0)
    other = atoms.copy()
    atoms.calc = PotentialCalculator(EdgeEvaluator(LennardJonesModel()).predict)
    other.calc = LennardJones(epsilon=0.3, sigma=2.2, rc=5.0)
    assert atoms.get_potential_energy() == pytest.approx(other.get_potential_energy())
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.get_forces(), other.get_forces(), atol=1e-10)
    np.testing.assert_allclose(atoms.get_stress(), other.get_stress(), atol=1e-10)


def test_one_evaluation_gives_all_properties_of_a_configuration() -> None:
    calls: list[int] = []

    def compute(frames: Frames) -> Predictions:
        calls.append(len(frames))
        n = len(frames.numbers)
        return Predictions(np.zeros(1), np.zeros((n, 3)), np.zeros((1, 6)))

    atoms = bulk("Cu")
    atoms.calc = PotentialCalculator(compute)
    atoms.get_potential_energy()
    atoms.get_forces()
    atoms.get_stress()
    assert calls == [1]
    atoms.positions += 0.1
    atoms.get_forces()
    assert calls == [1, 1]


@pytest.mark.parametrize("stress", [None, np.full((1, 6), np.nan)])
def test_a_stress_that_is_missing_is_not_implemented(stress: np.ndarray | None) -> None:
    atoms = bulk("Cu")
    atoms.calc = PotentialCalculator(lambda _: Predictions(np.zeros(1), np.zeros((1, 3)), stress))
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()
    assert atoms.get_potential_energy() == 0.0
