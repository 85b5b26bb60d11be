from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import LabelError
from tests.helpers.labelled_frames import VOIGT, find, forces, frame, labelled


def test_ref_keys_come_before_the_calculator() -> None:
    atoms = labelled({"REF_energy": -1.0}, {"REF_forces": forces(2.0)})
    atoms.calc = SinglePointCalculator(atoms, energy=-9.0, forces=forces(9.0))
    found = find([atoms])
    assert found.labels.energy is not None
    assert found.labels.forces is not None
    np.testing.assert_array_equal(found.labels.energy, [-1.0])
    np.testing.assert_array_equal(found.labels.forces, forces(2.0))
    assert found.keys == {"energy": "REF_energy", "forces": "REF_forces"}


def test_results_of_a_calculator() -> None:
    atoms = frame()
    atoms.calc = SinglePointCalculator(atoms, energy=-9.0, forces=forces(9.0), stress=VOIGT)
    found = find([atoms])
    np.testing.assert_array_equal(found.labels.energy, [-9.0])
    np.testing.assert_array_equal(found.labels.stress, [VOIGT])
    assert found.keys["stress"] == "stress"


def test_plain_entries() -> None:
    found = find([labelled({"energy": -1.0, "stress": VOIGT}, {"forces": forces()})])
    np.testing.assert_array_equal(found.labels.energy, [-1.0])
    np.testing.assert_array_equal(found.labels.stress, [VOIGT])


def test_keys_of_the_card() -> None:
    info = {"E": -5.0, "REF_energy": -1.0, "S": VOIGT}
    found = find([labelled(info, {"F": forces(3.0)})], energy="E", forces="F", stress="S")
    np.testing.assert_array_equal(found.labels.energy, [-5.0])
    np.testing.assert_array_equal(found.labels.forces, forces(3.0))
    np.testing.assert_array_equal(found.labels.stress, [VOIGT])


def test_energies_alone_are_remarked() -> None:
    found = find([labelled({"REF_energy": 1.0}, {})])
    assert found.labels.forces is None
    assert [finding.code for finding in found.findings] == ["no-forces"]
    found = find([labelled({}, {"REF_forces": forces()})])
    assert found.labels.energy is None
    assert [finding.code for finding in found.findings] == ["no-energy"]


@pytest.mark.parametrize("missing", ["energy", "forces"])
def test_labels_on_some_frames_only(missing: str) -> None:
    images = [labelled({"REF_energy": 1.0}, {"REF_forces": forces()}) for _ in range(9)]
    for index in (1, 2, 3, 4, 5, 7):
        if missing == "energy":
            del images[index].info["REF_energy"]
        else:
            del images[index].arrays["REF_forces"]
    match = rf"`REF_{missing}` is on 3 of 9 frames only, missing on frames 1, 2, 3, 4, 5, …"
    with pytest.raises(LabelError, match=match):
        find(images)


def test_labels_of_two_kinds_are_not_combined() -> None:
    images = [labelled({"REF_energy": 1.0}, {"REF_forces": forces()}), frame()]
    images[1].calc = SinglePointCalculator(images[1], energy=2.0, forces=forces())
    with pytest.raises(LabelError, match="on 1 of 2 frames only"):
        find(images)
