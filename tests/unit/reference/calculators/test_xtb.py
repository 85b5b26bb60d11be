"""GFN1-xTB by tblite: labels are consistent and complete, or an error."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators import xtb as xtb_calculator
from ms25_suite.reference.calculators.xtb import XtbCalculator, tblite_version
from ms25_suite.reference.water.start import lattice, scale_bonds
from tests.helpers.reference_calculators import ReferenceCalculatorTests

pytest.importorskip("tblite")
pytestmark = pytest.mark.xtb


def water(n_molecules: int = 8, edge: float = 6.2) -> Atoms:
    """Molecules at random, at 1 g/cm^3."""
    atoms = lattice(n_molecules, edge, np.random.default_rng(1))
    scale_bonds(atoms, np.full((n_molecules, 2), 0.96))
    return atoms


def zirconia() -> Atoms:
    atoms = bulk("ZrO2", "fluorite", a=5.1, cubic=True)
    atoms.rattle(0.1, seed=2)
    return atoms


def labelled(atoms: Atoms, calculator: XtbCalculator | None = None) -> Atoms:
    atoms = atoms.copy()
    atoms.calc = XtbCalculator(("H", "O", "Zr")) if calculator is None else calculator
    return atoms


class TestXtbCalculator(ReferenceCalculatorTests):
    """Size extensivity has a test of its own below, since only the gamma point is used."""

    KINDS = ("water", "zirconia")
    N_DIRECTIONS = 1
    # Central differences of single components at this step were off by 7e-6 eV/Å and 5e-7 eV/Å^3
    # in water, 3e-5 eV/Å and 7e-6 eV/Å^3 in zirconia: the third derivative of the energy, since
    # three times the step makes it nine times as much.
    STEP = 1e-3
    FORCE = 1e-4
    STRESS = 2e-5
    NET_FORCE = 1e-12  # rounding: sums of some ten forces of 1 eV/Å, each with 1e-15
    # Threads of BLAS may sum in another order. Charges of an earlier frame, taken as the first
    # guess, change forces by 2e-6 to 7e-6 eV/Å.
    HISTORY = 1e-7

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        return lambda: XtbCalculator(("H", "O", "Zr"))

    def frame(self, seed: int, kind: str) -> Atoms:
        atoms = water() if kind == "water" else zirconia()
        atoms.rattle(0.02, seed=seed)
        return atoms

    def test_is_size_extensive(self, reference: Any) -> None:
        atoms = labelled(water(27, 9.3))
        double = labelled(atoms.repeat((1, 1, 2)))
        per_atom = [frame.get_potential_energy() / len(frame) for frame in (atoms, double)]
        # The difference is that of the sampling of reciprocal space. It was 7.4, 1.7 and 0.09
        # meV/atom for cells of 8, 16 and 27 molecules, and vanishes with their size. The threshold
        # for potentials is 2.5 meV/atom.
        assert per_atom[1] == pytest.approx(per_atom[0], abs=0.25e-3)
        difference = double.get_forces()[: len(atoms)] - atoms.get_forces()
        assert np.abs(difference).max() < 0.02  # 0.006 eV/Å was seen, and 0.1 in the smaller cells


def test_the_energy_is_the_free_energy_that_forces_belong_to() -> None:
    atoms = labelled(water())
    assert atoms.get_potential_energy() == atoms.get_potential_energy(force_consistent=True)


def test_clean_forgets_the_last_frame() -> None:
    calculator = XtbCalculator(("H", "O"))
    labelled(water(), calculator).get_potential_energy()
    calculator.clean()
    assert calculator.results == {}


def test_charges_that_do_not_become_self_consistent() -> None:
    calculator = XtbCalculator(("H", "O"), max_iterations=2)
    with pytest.raises(ReferenceCalculatorError, match=r"GFN1-xTB failed on H16O8 \(24 atoms\)"):
        labelled(water(), calculator).get_potential_energy()
    assert calculator.results == {}


def test_two_atoms_in_one_place() -> None:
    atoms = water()
    atoms.positions[3] = atoms.positions[0]
    with pytest.raises(ReferenceCalculatorError, match=r"GFN1-xTB (failed|returned)"):
        labelled(atoms).get_potential_energy()


def test_without_tblite(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tblite_version() == importlib.metadata.version("tblite")

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(xtb_calculator, "version", missing)
    with pytest.raises(ReferenceCalculatorError, match=r'pip install "ms25-suite\[xtb\]"'):
        XtbCalculator(("H", "O"))
