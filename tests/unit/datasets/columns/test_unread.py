from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.datasets.columns.unread import unread_labels
from tests.helpers.labelled_frames import VOIGT, forces, labelled


def test_names_with_the_word_come_first() -> None:
    atoms = labelled({}, {"abc": forces(), "MACE_forces": forces()})
    assert unread_labels([atoms], ["forces"], ()) == {"forces": ("MACE_forces", "abc")}


def test_used_keys_and_quantities_with_labels_are_left_out() -> None:
    atoms = labelled({"E": 1.0}, {"f": forces()})
    assert unread_labels([atoms], ["forces"], ("f",)) == {}


def test_a_stress_needs_six_or_nine_numbers_and_a_volume() -> None:
    atoms = labelled({"my_stress": VOIGT, "pressure": 1.0}, {})
    assert unread_labels([atoms], ["stress"], ()) == {"stress": ("my_stress",)}
    atoms.pbc = False
    assert unread_labels([atoms], ["stress"], ()) == {}


@pytest.mark.parametrize("value", ["low", True, [1.0, 2.0], np.nan])
def test_what_is_no_number_is_no_energy(value: object) -> None:
    assert unread_labels([labelled({"E": value}, {})], ["energy"], ()) == {}


def test_forces_in_three_columns_and_of_a_single_atom() -> None:
    columns = {name: np.zeros(2) for name in ("fx", "fy", "fz")}
    assert unread_labels([labelled({}, columns)], ["forces"], ()) == {"forces": ("fx", "fy", "fz")}
    alone = Atoms("Cu", info={"F": np.zeros(3), "dipole": np.zeros(3)})
    assert unread_labels([alone], ["forces"], ()) == {"forces": ("F",)}
