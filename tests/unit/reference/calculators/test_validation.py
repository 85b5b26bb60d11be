"""What all reference calculators require of a frame."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.validation import validate_frame


def frame() -> Atoms:
    return bulk("MgO", "rocksalt", 4.2, cubic=True)


def test_frames_may_have_fewer_elements() -> None:
    validate_frame(frame(), ("Mg", "O"))
    validate_frame(frame(), {"Ca": 1, "O": 2, "Mg": 3})


def test_other_element_is_named() -> None:
    message = "supports the elements Mg Ca, found O: use the reference of a dataset"
    with pytest.raises(ReferenceCalculatorError, match=message):
        validate_frame(frame(), ("Mg", "Ca"))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_open_boundary_is_refused(axis: int) -> None:
    atoms = frame()
    atoms.pbc[axis] = False
    with pytest.raises(ReferenceCalculatorError, match="periodic in x, y, z; found pbc"):
        validate_frame(atoms, ("Mg", "O"))


def test_numbers_that_are_not_finite_are_refused() -> None:
    moved, stretched = frame(), frame()
    moved.positions[2, 1] = np.nan
    cell = stretched.cell.array.copy()
    cell[0, 0] = np.inf
    stretched.set_cell(cell)
    for atoms in (moved, stretched):
        with pytest.raises(ReferenceCalculatorError, match="finite positions and cell vectors"):
            validate_frame(atoms, ("Mg", "O"))
