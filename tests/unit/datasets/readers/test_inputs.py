from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.readers.inputs import copy_inputs, frames_with_inputs


def test_an_unusable_input_names_the_file() -> None:
    atoms = molecule("H2O")
    atoms.info["charge"] = "positive"
    with pytest.raises(DatasetError, match=r"ions\.xyz: the input `total_charge` of frame 0"):
        frames_with_inputs([atoms], {}, "ions.xyz")


def test_inputs_are_copied_under_their_own_keys() -> None:
    image, atoms = molecule("H2O"), molecule("H2O")
    image.info.update(Charge=1, other=2, phase="ice")
    image.arrays["weights"] = np.ones(3)
    image.set_initial_charges([1.0, 0.0, 0.0])
    copy_inputs(image, atoms, ["phase"])
    assert atoms.info == {"Charge": 1, "phase": "ice"}
    assert atoms.get_initial_charges().tolist() == [1.0, 0.0, 0.0]
    assert "weights" not in atoms.arrays
