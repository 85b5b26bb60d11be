from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.helpers.labelled_frames import FULL, VOIGT, find, forces, labelled


@pytest.mark.parametrize("stress", [VOIGT, FULL, FULL.reshape(9)])
def test_every_shape_of_a_stress(stress: Any) -> None:
    found = find([labelled({"REF_energy": 1.0, "REF_stress": stress}, {"REF_forces": forces()})])
    np.testing.assert_allclose(found.labels.stress, [VOIGT], rtol=0, atol=1e-15)


@pytest.mark.parametrize("key", ["REF_virial", "REF_virials"])
def test_a_virial_is_minus_volume_times_stress(key: str) -> None:
    found = find([labelled({"REF_energy": 1.0, key: -24.0 * FULL}, {"REF_forces": forces()})])
    np.testing.assert_allclose(found.labels.stress, [VOIGT], rtol=0, atol=1e-15)
    assert found.keys["stress"] == key


def test_a_stress_may_be_missing_on_some_frames() -> None:
    images = [
        labelled({"REF_energy": 1.0, "REF_stress": VOIGT}, {"REF_forces": forces()}),
        labelled({"REF_energy": 2.0}, {"REF_forces": forces()}),
    ]
    labels = find(images).labels
    assert labels.has_stress is not None
    assert labels.has_stress.tolist() == [True, False]


def test_a_molecule_has_no_stress() -> None:
    atoms = labelled({"REF_energy": 1.0, "REF_stress": VOIGT}, {"REF_forces": forces()})
    atoms.pbc = (True, True, False)
    found = find([atoms])
    assert found.labels.stress is None
    assert [finding.code for finding in found.findings] == ["stress-dropped"]
    assert found.findings[0].frames == (0,)


def test_a_stress_of_another_kind_is_not_mixed_in() -> None:
    atoms = labelled({"REF_energy": 1.0, "stress": VOIGT}, {"REF_forces": forces()})
    found = find([atoms])
    assert found.labels.stress is None
    assert [finding.code for finding in found.findings] == ["stress-not-used"]
    named = find([atoms], stress="stress")
    np.testing.assert_array_equal(named.labels.stress, [VOIGT])


def test_an_asymmetric_stress_is_remarked() -> None:
    stress = FULL.copy()
    stress[0, 1] = 0.0
    found = find([labelled({"REF_energy": 1.0, "REF_stress": stress}, {"REF_forces": forces()})])
    assert [finding.code for finding in found.findings] == ["asymmetric-stress"]
    assert found.labels.stress is not None
    assert found.labels.stress[0, 5] == pytest.approx(0.03)
