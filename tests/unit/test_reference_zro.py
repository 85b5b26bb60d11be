"""The Zr-O reference against finite differences, and the data that is shipped."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress

from ms25_suite.errors import ReferenceCalculatorError
from ms25_suite.reference import zro


def structure() -> Atoms:
    """Zr3O6 in a triclinic cell, rattled: small, so that it is quick."""
    rng = np.random.default_rng(1)
    edge = 5.6
    scaled = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5]]
    scaled += [[x, y, z] for x, y, z in np.ndindex(2, 2, 2)][:6]
    scaled = np.array(scaled, dtype=float)
    scaled[3:] = 0.25 + 0.5 * scaled[3:]
    atoms = Atoms("Zr3O6", scaled_positions=scaled, cell=edge * np.eye(3), pbc=True)
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, 0.03, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
    return atoms


# The reference.


@pytest.fixture(scope="module")
def reference() -> Any:
    pytest.importorskip("tblite")
    return zro.calculator()


def energy(atoms: Atoms, reference: Any) -> float:
    atoms = atoms.copy()
    atoms.calc = reference
    return float(atoms.get_potential_energy())


@pytest.mark.xtb
def test_forces_and_stress_are_derivatives_of_the_energy(reference: Any) -> None:
    atoms = structure()
    atoms.calc = reference
    forces, stress = atoms.get_forces(), atoms.get_stress()
    assert np.abs(forces).max() > 0.5
    assert np.abs(stress).max() > 0.01
    step = 1e-3
    for atom, axis in ((0, 0), (4, 1), (8, 2)):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * step
            energies.append(energy(moved, reference))
        slope = (energies[0] - energies[1]) / (2 * step)
        assert forces[atom, axis] == pytest.approx(-slope, abs=1e-3)
    for i, j in ((0, 0), (0, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[i, j] += sign * step
            strained = atoms.copy()
            strained.set_cell(atoms.cell @ strain, scale_atoms=True)
            energies.append(energy(strained, reference))
        slope = (energies[0] - energies[1]) / (2 * step * atoms.get_volume())
        expected = np.zeros((3, 3))
        expected[i, j] = expected[j, i] = slope
        index = int(np.argmax(np.abs(full_3x3_to_voigt_6_stress(expected))))
        assert stress[index] == pytest.approx(slope, abs=2e-5)


@pytest.mark.xtb
def test_metal_and_other_elements_are_refused(reference: Any) -> None:
    with pytest.raises(ReferenceCalculatorError, match="knows the elements Zr O, found Si"):
        energy(Atoms("SiO2", np.eye(3), cell=[5, 5, 5], pbc=True), reference)


def test_import_is_cheap() -> None:
    code = (
        "import sys, ms25_suite.reference.zro\n"
        "print([m for m in ('ase', 'tblite', 'rich', 'torch', 'vesin') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
