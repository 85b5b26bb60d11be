from __future__ import annotations

from pathlib import Path

import ase.db
from ase.build import molecule

from ms25_suite.core.inputs import collect
from ms25_suite.datasets.readers.files import read_images


def test_charges_of_a_database_are_those_that_it_stores(tmp_path: Path) -> None:
    """ASE gives the sum of the initial charges for a stored pair called `charge`."""
    with ase.db.connect(tmp_path / "x.db") as database:
        for value in (-1, 0, 2):
            database.write(molecule("H2O"), charge=value)
    images = list(read_images(tmp_path / "x.db"))
    assert collect(images)["total_charge"].values.tolist() == [-1.0, 0.0, 2.0]
