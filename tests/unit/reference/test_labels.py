"""Labelling of frames."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.labels import label, label_trajectory


def copper(seed: int = 1) -> Atoms:
    atoms = bulk("Cu", cubic=True, a=3.6000004)
    atoms.rattle(0.1, seed=seed)
    return atoms


def test_labels_are_those_of_the_rounded_frame() -> None:
    atoms = copper()
    label(atoms, EMT())
    assert atoms.calc is None
    assert atoms.cell[0, 0] == 3.6
    np.testing.assert_array_equal(atoms.positions, np.round(atoms.positions, 6))
    stored = Atoms(atoms.symbols, atoms.positions, cell=atoms.cell, pbc=True)
    stored.calc = EMT()
    assert atoms.info[REF_ENERGY] == pytest.approx(stored.get_potential_energy(), abs=6e-9)
    np.testing.assert_allclose(atoms.arrays[REF_FORCES], stored.get_forces(), rtol=0, atol=6e-9)
    np.testing.assert_allclose(atoms.info[REF_STRESS], stored.get_stress(), rtol=0, atol=6e-11)


def test_forces_on_held_atoms_are_labels_too() -> None:
    atoms, free = copper(), copper()
    atoms.set_constraint(FixAtoms([0, 1]))
    label(atoms, EMT())
    label(free, EMT())
    assert np.abs(atoms.arrays[REF_FORCES][:2]).min() > 0
    np.testing.assert_array_equal(atoms.arrays[REF_FORCES], free.arrays[REF_FORCES])


def test_zeros_have_no_sign() -> None:
    atoms = bulk("Cu", cubic=True)  # no forces, by symmetry
    label(atoms, EMT())
    assert not np.signbit(atoms.arrays[REF_FORCES][atoms.arrays[REF_FORCES] == 0]).any()


class Closing(EMT):
    """EMT that counts how often it is closed, as the calculators of LAMMPS are."""

    closed = 0

    def clean(self) -> None:
        self.closed += 1


def test_trajectory_has_the_same_entries_on_all_frames_in_this_order() -> None:
    reference = Closing()
    images = (copper(seed) for seed in (1, 2))
    labelled = label_trajectory(images, reference, trajectory=3, config_type="cu")
    assert reference.closed == 1
    assert len({atoms.info[REF_ENERGY] for atoms in labelled}) == 2
    for atoms in labelled:
        assert list(atoms.info) == [REF_ENERGY, REF_STRESS, "trajectory", "config_type"]
        assert (atoms.info["trajectory"], atoms.info["config_type"]) == (3, "cu")
