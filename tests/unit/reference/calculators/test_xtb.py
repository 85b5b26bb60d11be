"""GFN1-xTB by tblite: the numbers are derivatives of each other, and half an answer is refused."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators import xtb as xtb_calculator
from ms25_suite.reference.calculators.xtb import XtbCalculator, tblite_version
from ms25_suite.reference.water.start import lattice, scale_bonds

pytest.importorskip("tblite")
pytestmark = pytest.mark.xtb

STEP = 1e-3
"""Å, and strain."""

# Central differences of single components at this step were off by 7e-6 eV/Å and 5e-7 eV/Å^3 in
# water, 3e-5 eV/Å and 7e-6 eV/Å^3 in zirconia: the third derivative of the energy, since three
# times the step makes it nine times as much.
FORCE_TOLERANCE = 1e-4
STRESS_TOLERANCE = 2e-5


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


CASES = pytest.mark.parametrize("make", [water, zirconia])


def slope(atoms: Atoms, change: Callable[[Atoms, float], None]) -> float:
    """Central difference of the energy along a change of the frame."""
    energies = []
    for step in (STEP, -STEP):
        changed = atoms.copy()
        change(changed, step)
        energies.append(labelled(changed).get_potential_energy())
    return (energies[0] - energies[1]) / (2 * STEP)


@CASES
def test_forces_and_stress_are_derivatives_of_the_energy(make: Callable[[], Atoms]) -> None:
    atoms = make()
    rng = np.random.default_rng(4)
    direction = rng.normal(size=(len(atoms), 3))
    strain = rng.normal(size=(3, 3))
    strain = strain + strain.T
    # Each direction has length 1, and mixes all atoms and all axes.
    direction /= np.linalg.norm(direction)
    strain /= np.linalg.norm(strain)

    def move(frame: Atoms, step: float) -> None:
        frame.positions += step * direction

    def deform(frame: Atoms, step: float) -> None:
        frame.set_cell(frame.cell.array @ (np.eye(3) + step * strain), scale_atoms=True)

    given = labelled(atoms)
    along = -(given.get_forces() * direction).sum()
    assert slope(atoms, move) == pytest.approx(along, abs=FORCE_TOLERANCE)
    along = (given.get_stress(voigt=False) * strain).sum()
    assert slope(atoms, deform) / atoms.get_volume() == pytest.approx(along, abs=STRESS_TOLERANCE)


@CASES
def test_no_net_force(make: Callable[[], Atoms]) -> None:
    # Rounding: sums of some ten forces of 1 eV/Å, each with 1e-15.
    assert labelled(make()).get_forces().sum(axis=0) == pytest.approx(0.0, abs=1e-12)


def test_twice_the_cell_has_twice_the_energy() -> None:
    atoms = labelled(water(27, 9.3))
    double = labelled(atoms.repeat((1, 1, 2)))
    per_atom = [frame.get_potential_energy() / len(frame) for frame in (atoms, double)]
    # Only the gamma point is used: the difference is that of the sampling of reciprocal space. It
    # was 7.4, 1.7 and 0.09 meV/atom for cells of 8, 16 and 27 molecules, and vanishes with their
    # size. The threshold that potentials are judged by is 2.5 meV/atom.
    assert per_atom[1] == pytest.approx(per_atom[0], abs=0.25e-3)
    difference = double.get_forces()[: len(atoms)] - atoms.get_forces()
    assert np.abs(difference).max() < 0.02  # 0.006 eV/Å was seen, and 0.1 in the smaller cells


def test_a_frame_does_not_depend_on_the_one_before() -> None:
    calculator = XtbCalculator(("H", "O", "Zr"))
    first = labelled(water(), calculator)
    energy, forces = first.get_potential_energy(), first.get_forces()
    moved = water()
    moved.rattle(0.1, seed=3)
    assert labelled(moved, calculator).get_potential_energy() != energy
    again = labelled(water(), calculator)
    assert again.get_potential_energy() == energy
    assert np.array_equal(again.get_forces(), forces)
    calculator.clean()
    assert calculator.results == {}


def test_the_energy_is_the_free_energy_that_forces_belong_to() -> None:
    atoms = labelled(water())
    assert atoms.get_potential_energy() == atoms.get_potential_energy(force_consistent=True)


def test_an_unknown_element_is_refused() -> None:
    atoms = water()
    atoms.numbers[3] = 14
    with pytest.raises(ReferenceCalculatorError, match=r"knows the elements H O, found Si: judge"):
        labelled(atoms, XtbCalculator(("H", "O"))).get_potential_energy()


def test_a_frame_that_is_not_periodic_is_refused() -> None:
    atoms = water()
    atoms.pbc = [True, True, False]
    with pytest.raises(ReferenceCalculatorError, match="periodic in x, y, z; found pbc"):
        labelled(atoms).get_potential_energy()


@pytest.mark.parametrize("where", ["positions", "cell"])
def test_numbers_that_are_not_finite_are_refused(where: str) -> None:
    atoms = water()
    if where == "positions":
        atoms.positions[2, 1] = np.nan
    else:
        cell = atoms.cell.array.copy()
        cell[0, 0] = np.inf
        atoms.set_cell(cell)
    with pytest.raises(ReferenceCalculatorError, match="finite positions and cell vectors"):
        labelled(atoms).get_potential_energy()


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
