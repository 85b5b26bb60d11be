from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames
from ms25_suite.criteria.inputs import input_findings
from ms25_suite.potentials.base import ModelInfo
from tests.helpers.in_process import InProcess


class Reader(InProcess):
    """A potential that reads given inputs."""

    def __init__(self, *inputs: str, known: bool = True, architecture: str = "mace") -> None:
        super().__init__()
        self.architecture = architecture
        self.inputs = inputs if known else None

    def info(self) -> ModelInfo:
        return ModelInfo(inputs=self.inputs)


def waters(*infos: dict[str, Any]) -> list[Atoms]:
    images = [molecule("H2O") for _ in infos]
    for atoms, info in zip(images, infos, strict=True):
        atoms.info.update(info)
    return images


def codes(potential: InProcess, images: list[Atoms]) -> list[str]:
    return [finding.code for finding in input_findings(potential, Frames.from_atoms(images))]


def test_a_charge_that_is_not_read_is_told() -> None:
    images = waters({"charge": -1}, {"charge": 1})
    (finding,) = input_findings(Reader(), Frames.from_atoms(images))
    assert finding.code == "input-not-read"
    assert "`total_charge` (-1 to 1 e)" in finding.message
    assert codes(Reader("total_charge"), images) == []
    assert codes(Reader(known=False), images) == []


def test_default_values_need_not_be_read() -> None:
    assert codes(Reader(), waters({"charge": 0, "spin": 1}, {})) == []
    assert codes(Reader(), waters({"head": "pbe"})) == []


def test_what_is_read_must_be_stated() -> None:
    images = waters({"charge": 1}, {}, {})
    (finding,) = input_findings(Reader("total_charge"), Frames.from_atoms(images))
    assert finding.code == "input-not-stated"
    assert "2 of 3 frames do not state: 0 was taken" in finding.message
    assert '[inputs] total_charge = "…"' in finding.message


class Summed(EMT):
    """Takes the charge as the sum of those of the atoms, and the spin likewise, as tblite does."""

    charge_weight = spin_weight = 0.0

    def calculate(self, *given: Any, **named: Any) -> None:
        super().calculate(*given, **named)
        charge = self.atoms.get_initial_charges().sum()
        unpaired = self.atoms.get_initial_magnetic_moments().sum()
        self.results["energy"] += self.charge_weight * charge + self.spin_weight * unpaired


class ChargeSummed(Summed):
    charge_weight = 1.0


class BothSummed(ChargeSummed):
    spin_weight = 1.0


@pytest.mark.parametrize(
    ("calculator", "unread"),
    [(Summed, 2), (ChargeSummed, 1), (BothSummed, 0)],
)
def test_a_calculator_may_sum_up_charges_and_moments_of_the_atoms(
    calculator: type[Summed], unread: int
) -> None:
    images = waters({"charge": 1, "spin": 2}, {"charge": 0, "spin": 3})
    potential = InProcess(calculator)
    energies = potential.predict(Frames.from_atoms(images)).energy
    plain = InProcess(EMT).predict(Frames.from_atoms(waters({}, {}))).energy
    weights = np.array([calculator.charge_weight, calculator.spin_weight])
    np.testing.assert_allclose(energies - plain, np.array([[1, 1], [0, 2]]) @ weights, atol=1e-12)
    assert codes(potential, images) == ["input-not-read"] * unread


def test_what_a_calculator_only_looks_up_is_not_told() -> None:
    """MACE's calculator reads a charge also for models without one."""

    class Idle(EMT):
        weight = 0.0

        def calculate(self, *given: Any, **named: Any) -> None:
            super().calculate(*given, **named)
            self.results["energy"] += self.weight * self.atoms.info.get("charge", 0)

    class Charged(Idle):
        weight = 1.0

    images = waters({}, {})
    for calculator, expected in ((Idle(), []), (Charged(), ["input-not-stated"])):
        potential = InProcess(calculator)
        potential.predict(Frames.from_atoms(images))
        assert codes(potential, images) == expected
