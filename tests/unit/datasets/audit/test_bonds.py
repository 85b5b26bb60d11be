from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.audit.bonds import bond_finding, fit_bonds
from tests.helpers.bare_energies import ATOMIC_FORCE


@pytest.mark.parametrize("name", ["hea", "mgo-2x2", "water-64", "cha", "reaction", "zro"])
def test_badgers_rule_holds_within_a_factor_of_three(name: str) -> None:
    dataset = open_dataset(name)
    frames, labels = dataset.part(range(0, len(dataset), len(dataset) // 30))
    forces = np.asarray(labels.forces)
    fit = fit_bonds(frames, forces)
    assert fit is not None
    assert 1 / 3 < fit.ratio < 3
    # The unit is a factor of the result.
    other = fit_bonds(frames, forces / ATOMIC_FORCE)
    assert other is not None
    assert other.ratio * ATOMIC_FORCE == pytest.approx(fit.ratio, rel=1e-9)
    assert other.bond == fit.bond


def copper(n: int, amplitude: float) -> tuple[Frames, np.ndarray]:
    images = []
    for seed in range(n):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.rattle(amplitude, seed=seed)
        atoms.calc = EMT()
        images.append(atoms)
    forces = np.concatenate([atoms.get_forces() for atoms in images])
    return Frames.from_atoms(images), forces


def test_a_metal() -> None:
    fit = fit_bonds(*copper(5, 0.05))
    assert fit is not None
    assert fit.bond == "Cu-Cu"
    assert 0.3 < fit.ratio < 2


def test_a_harmonic_bond_has_its_own_force_constant() -> None:
    rng = np.random.default_rng(0)
    images, forces = [], []
    for length in rng.normal(0.74, 0.03, 60):
        images.append(Atoms("H2", [[0, 0, 0], [0, 0, length]]))
        pull = 36.0 * (length - 0.74)
        forces += [[0, 0, pull], [0, 0, -pull]]
    fit = fit_bonds(Frames.from_atoms(images), np.array(forces))
    assert fit is not None
    assert (fit.bond, round(fit.constant, 6)) == ("H-H", 36.0)
    # 5.75 mdyn/Å (Huber & Herzberg) are 35.9 eV/Å^2.
    assert fit.expected == pytest.approx(35.9, rel=0.1)


def test_what_gives_no_conclusion() -> None:
    frames, forces = copper(5, 0.05)
    assert fit_bonds(frames, np.random.default_rng(0).normal(size=forces.shape)) is None
    assert fit_bonds(frames, np.zeros_like(forces)) is None
    assert fit_bonds(frames, np.full_like(forces, np.nan)) is None
    # Relaxed structures, too few bonds, no bonds at all.
    assert fit_bonds(*copper(5, 0.0)) is None
    assert fit_bonds(Frames.from_atoms([molecule("CH4")]), np.ones((5, 3))) is None
    argon = Frames.from_atoms([Atoms("Ar2", [[0, 0, 0], [0, 0, 4.0]])] * 40)
    assert fit_bonds(argon, np.ones((80, 3))) is None


@pytest.mark.parametrize("name", ["hea", "mgo-2x2", "water-64", "cha", "reaction", "zro"])
def test_right_forces_have_no_finding_and_gradients_and_atomic_units_have(name: str) -> None:
    dataset = open_dataset(name)
    frames, labels = dataset.part(range(0, len(dataset), len(dataset) // 30))
    forces = np.asarray(labels.forces)
    assert bond_finding(frames, forces) is None
    for factor, code, said in (
        (1 / ATOMIC_FORCE, "force-unit", "hartree/bohr"),
        (1000.0, "force-unit", "meV/Å"),
        (-1.0, "force-sign", "gradients"),
    ):
        finding = bond_finding(frames, factor * forces)
        assert finding is not None
        assert (finding.code, finding.severity) == (code, "warning")
        assert said in finding.message


def test_gradients_have_a_negative_force_constant() -> None:
    frames, forces = copper(5, 0.05)
    fit, other = fit_bonds(frames, forces), fit_bonds(frames, -forces)
    assert fit is not None
    assert other is not None
    assert other.ratio == pytest.approx(-fit.ratio)
    assert other.bond == fit.bond
