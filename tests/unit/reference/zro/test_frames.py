"""The Zr-O reference against finite differences, and the data that is shipped."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.registry import builtin_card
from ms25_suite.reference.zro import frames as zro
from ms25_suite.reference.zro.exploration import thermal_energy
from ms25_suite.reference.zro.selection import REASONS
from ms25_suite.reference.zro.structures import closeness, volume
from ms25_suite.reference.zro.trajectories import Recipe


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
def test_other_elements_are_refused(reference: Any) -> None:
    with pytest.raises(ReferenceCalculatorError, match="knows the elements Zr O, found Si"):
        energy(Atoms("SiO2", np.eye(3), cell=[5, 5, 5], pbc=True), reference)


def test_import_is_cheap() -> None:
    code = (
        "import sys, ms25_suite.reference.zro.frames\n"
        "print([m for m in ('ase', 'tblite', 'rich', 'torch', 'vesin') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The data that is shipped.


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    card = builtin_card("zro")
    assert card is not None
    return list(read_images(Path(str(files("ms25_suite.datasets.builtin") / card.files[0].path))))


def test_shipped_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
    assert len(shipped) == 400
    recipe = Recipe()
    structures = recipe.structures
    kinds = [atoms.info["config_type"] for atoms in shipped]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "random": 100,
        "md": 150,
        "contour": 150,
    }
    for atoms in shipped:
        assert set(atoms.numbers) == {8, 40}
        assert structures.fewest_atoms <= len(atoms) <= structures.most_atoms
        n_oxygen = int(np.count_nonzero(atoms.numbers == 8))
        share = n_oxygen / len(atoms)
        assert structures.lowest_oxygen <= share <= structures.highest_oxygen
        relative = atoms.get_volume() / volume(len(atoms) - n_oxygen, n_oxygen)
        assert structures.smallest_volume - 1e-6 < relative < structures.largest_volume + 1e-6
        assert closeness(atoms) >= recipe.closest
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= recipe.largest_force_eV_A
        assert set(REASONS) | {REF_ENERGY, REF_STRESS, "trajectory"} <= set(atoms.info)
        if atoms.info["config_type"] == "md":
            assert recipe.lowest_K <= atoms.info["temperature_K"] <= recipe.highest_K
        if atoms.info["config_type"] == "contour":
            low, high = (
                thermal_energy(1, temperature)
                for temperature in (recipe.lowest_K, recipe.highest_K)
            )
            assert low <= atoms.info["excess_eV_atom"] <= high


def test_shipped_frames_span_compositions_and_volumes(shipped: list[Atoms]) -> None:
    shares = [np.mean(atoms.numbers == 8) for atoms in shipped]
    counts, _ = np.histogram(shares, bins=[0.4, 0.5, 0.6, 0.7, 0.8, 0.86])
    assert counts.min() > 15
    assert len({str(atoms.symbols) for atoms in shipped}) > 50


def test_shipped_frames_of_a_trajectory_are_distinct(shipped: list[Atoms]) -> None:
    for first, second in pairwise(shipped):
        if first.info["trajectory"] == second.info["trajectory"]:
            assert str(first.symbols) == str(second.symbols)
            moved = second.positions - first.positions
            moved -= moved.mean(axis=0)
            assert np.sqrt(np.mean(moved**2)) > 0.02


def test_card_and_splits() -> None:
    dataset = open_dataset("zr-o")
    assert dataset.card.name == "zro"
    assert dataset.card.stand_in
    assert dataset.card.cutoff == 6.0
    assert dataset.card.threshold_class == "complex"
    assert (len(dataset.splits.validation(1)), len(dataset.splits.test(3))) == (40, 160)
    assert dataset.splits.train_sizes == (25, 50, 100, 200)
    assert dataset.splits.n_sets == 3


@pytest.mark.xtb
def test_shipped_labels_are_those_of_the_reference(shipped: list[Atoms], reference: Any) -> None:
    smallest = sorted(shipped, key=len)[:3]
    for atoms in smallest:
        bare = Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)
        bare.calc = reference
        # The charges are converged to 1e-7 Hartree, and another BLAS sums in another order.
        assert bare.get_potential_energy() == pytest.approx(atoms.info[REF_ENERGY], abs=1e-5, rel=0)
        np.testing.assert_allclose(bare.get_forces(), atoms.arrays[REF_FORCES], rtol=0, atol=1e-4)
        np.testing.assert_allclose(bare.get_stress(), atoms.info[REF_STRESS], rtol=0, atol=1e-5)
