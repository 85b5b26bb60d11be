from __future__ import annotations

from pathlib import Path

import ase.db
import ase.io
import numpy as np
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.inputs import collect
from ms25_suite.datasets.readers.files import read_images


def test_charges_of_a_database_are_those_that_it_stores(tmp_path: Path) -> None:
    """ASE gives the sum of the initial charges for a stored pair called `charge`."""
    with ase.db.connect(tmp_path / "x.db") as database:
        for value in (-1, 0, 2):
            database.write(molecule("H2O"), charge=value)
    images = list(read_images(tmp_path / "x.db"))
    assert collect(images)["total_charge"].values.tolist() == [-1.0, 0.0, 2.0]


def test_rows_for_each_atom_in_a_trajectory(tmp_path: Path) -> None:
    """ASE's format has no place for them but `info`; a stress of three atoms looks the same."""
    atoms = molecule("H2O")
    forces = np.arange(9.0).reshape(3, 3)
    atoms.info |= {"E": -17.2, "forces": forces, "dft_stress": np.eye(3), "notes": [[1, 2, 3]]}
    ase.io.write(tmp_path / "x.traj", atoms)
    (found,) = read_images(tmp_path / "x.traj")
    np.testing.assert_array_equal(found.arrays["forces"], forces)
    assert found.info.keys() == {"E", "dft_stress", "notes"}


def test_the_zero_that_stands_for_no_energy(tmp_path: Path) -> None:
    for energy, forces in ((0.0, 1.0), (0.0, 0.0), (-3.0, 1.0)):
        atoms = molecule("H2O")
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.full((3, 3), forces))
        ase.io.write(tmp_path / "x.traj", atoms)
        (found,) = read_images(tmp_path / "x.traj")
        assert ("energy" in found.calc.results) == (energy != 0.0 or forces == 0.0)
