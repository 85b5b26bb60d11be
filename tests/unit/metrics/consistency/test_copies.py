"""Copies of a structure describe the same structure."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.consistency.copies import (
    LAWS,
    Copy,
    compare_copy,
    directed_inputs,
    equivalent_copies,
)
from tests.helpers.in_process import InProcess
from tests.helpers.wrong_potentials import EggBox, Good, LabAxes, NotExtensive, Order, ShearSign


def frame_of(atoms: Atoms) -> Frames:
    return Frames.from_atoms([atoms])


def crystal() -> Atoms:
    atoms = bulk("Cu", a=3.6, cubic=True) * (2, 1, 1)
    atoms.numbers[::2] = 28
    strain = np.array([[0.01, 0.02, 0.0], [0.02, -0.01, 0.03], [0.0, 0.03, 0.0]])
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    atoms.rattle(0.1, seed=3)
    return atoms


def copies_of(atoms: Atoms) -> list[Copy]:
    return equivalent_copies(frame_of(atoms), np.random.default_rng(0))


def slab() -> Atoms:
    atoms = fcc111("Cu", (2, 2, 2), a=3.6, vacuum=4.0)
    atoms.pbc = (True, True, False)
    atoms.rattle(0.1, seed=4)
    return atoms


def trimer() -> Atoms:
    return Atoms("Cu2Ni", [[0, 0, 0], [2.4, 0, 0], [0.3, 2.5, 0.2]])


@pytest.mark.parametrize("atoms", [crystal(), slab(), trimer()], ids=["crystal", "slab", "trimer"])
def test_a_good_potential_predicts_the_same_for_every_copy(atoms: Atoms) -> None:
    potential = InProcess(Good())
    original = potential.predict(frame_of(atoms))
    for copy in copies_of(atoms):
        errors = compare_copy(copy, original, potential.predict(copy.frame))
        largest = max(errors.energy, errors.forces, errors.stress or 0.0)
        assert largest < 1e-11, copy.what
        assert (errors.stress is None) == (not atoms.pbc.all())


def test_a_crystal_is_asked_about_every_law() -> None:
    copies = copies_of(crystal())
    assert [copy.law for copy in copies if copy.what != "left-handed cell"] == list(LAWS)
    # A calculator of ASE remembers its last structure.
    assert copies[-1].law == "determinism"


def test_what_has_no_cell_has_no_law_about_cells() -> None:
    laws = {copy.law for copy in copies_of(molecule("H2O"))}
    assert laws == set(LAWS) - {"periodic_images", "cell_choice", "supercell"}


def test_the_other_cells_are_the_same_lattice() -> None:
    atoms = crystal()
    for copy in copies_of(atoms):
        if copy.law != "cell_choice":
            continue
        # Vectors of one lattice are whole numbers of vectors of the other.
        numbers = copy.frame.cells[0] @ np.linalg.inv(atoms.cell.array)
        assert np.allclose(numbers, np.rint(numbers), atol=1e-9)
        assert abs(np.linalg.det(numbers)) == pytest.approx(1.0)
    left = next(copy for copy in copies_of(atoms) if copy.what == "left-handed cell")
    assert np.linalg.det(left.frame.cells[0]) < 0


def test_a_supercell_is_doubled_where_it_is_narrowest() -> None:
    (copy,) = [copy for copy in copies_of(crystal()) if copy.law == "supercell"]
    assert copy.what in ("doubled along b", "doubled along c")
    assert len(copy.frame.numbers) == 2 * len(crystal())


def test_a_large_frame_has_no_supercell() -> None:
    assert "supercell" not in {copy.law for copy in copies_of(bulk("Cu", cubic=True) * (7, 7, 6))}


def test_a_field_has_a_direction() -> None:
    """Whether a vector turns along, and how it is mirrored, is not known."""
    atoms = crystal()
    atoms.info["external_field"] = np.array([0.0, 0.0, 0.1])
    assert directed_inputs(frame_of(atoms)) == ("external_field",)
    assert not {"rotation", "inversion"} & {copy.law for copy in copies_of(atoms)}


def test_inputs_of_atoms_are_in_the_order_of_the_copy() -> None:
    atoms = crystal()
    atoms.set_initial_charges(np.arange(len(atoms)))
    (copy,) = [copy for copy in copies_of(atoms) if copy.law == "permutation"]
    assert copy.frame.inputs["initial_charges"].values.ravel().tolist() == copy.order.tolist()


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        (LabAxes, {"rotation"}),
        (Order, {"permutation", "supercell"}),
        (EggBox, {"translation", "cell_choice", "supercell"}),
        (NotExtensive, {"supercell"}),
        (ShearSign, {"rotation"}),
    ],
)
def test_a_wrong_potential_breaks_the_law_that_it_is_built_to_break(
    kind: type[Good], broken: set[str]
) -> None:
    potential = InProcess(kind())
    original = potential.predict(frame_of(crystal()))
    found = set()
    for copy in copies_of(crystal()):
        errors = compare_copy(copy, original, potential.predict(copy.frame))
        if max(errors.energy, errors.forces, errors.stress or 0.0) > 1e-6:
            found.add(copy.law)
    assert found == broken


def test_a_stress_is_compared_only_where_both_have_one() -> None:
    copy = copies_of(crystal())[-1]
    n = len(crystal())
    with_stress = Predictions(np.zeros(1), np.zeros((n, 3)), np.ones((1, 6)))
    without = Predictions(np.zeros(1), np.zeros((n, 3)))
    assert compare_copy(copy, with_stress, without).stress is None
    assert compare_copy(copy, with_stress, with_stress).stress == 0.0
