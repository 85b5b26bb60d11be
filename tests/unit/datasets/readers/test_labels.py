from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import LabelError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels

FULL = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]) / 100
VOIGT = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) / 100


def frame(n_atoms: int = 2, *, pbc: bool = True) -> Atoms:
    positions = np.arange(3.0 * n_atoms).reshape(-1, 3)
    return Atoms(f"Cu{n_atoms}", positions=positions, cell=[2.0, 3.0, 4.0], pbc=pbc)


def labelled(info: dict[str, Any], arrays: dict[str, Any], n_atoms: int = 2) -> Atoms:
    atoms = frame(n_atoms)
    atoms.info.update(info)
    atoms.arrays.update(arrays)
    return atoms


def find(images: list[Atoms], **keys: str) -> FoundLabels:
    return find_labels(images, LabelKeys(**keys), "x.extxyz")


def forces(value: float = 1.0, n_atoms: int = 2) -> np.ndarray[Any, Any]:
    return np.full((n_atoms, 3), value)


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


def test_energies_alone_are_remarked() -> None:
    found = find([labelled({"REF_energy": 1.0}, {})])
    assert found.labels.forces is None
    assert [finding.code for finding in found.findings] == ["no-forces"]
    found = find([labelled({}, {"REF_forces": forces()})])
    assert found.labels.energy is None
    assert [finding.code for finding in found.findings] == ["no-energy"]


def test_a_single_atom_whose_forces_were_written_as_one_row() -> None:
    atoms = labelled({"REF_energy": 1.0, "REF_forces": np.zeros(3)}, {}, n_atoms=1)
    found = find([atoms])
    assert found.labels.forces is not None
    assert found.labels.forces.shape == (1, 3)


def test_no_labels_lists_what_is_there() -> None:
    atoms = labelled({"dft_energy": 1.0}, {"dft_forces": forces()})
    with pytest.raises(LabelError, match=r"no labels.*found: dft_energy, dft_forces.*card"):
        find([atoms])
    with pytest.raises(LabelError, match="found: nothing beside the structure"):
        find([frame()])


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


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_labels_that_are_not_finite(value: float) -> None:
    def images() -> list[Atoms]:
        info = {"REF_energy": 1.0, "REF_stress": VOIGT}
        return [labelled(dict(info), {"REF_forces": forces()}) for _ in range(4)]

    bad = images()
    bad[2].info["REF_energy"] = value
    with pytest.raises(LabelError, match=r"`energy` is not finite in 1 of the frames \(frame 2\)"):
        find(bad)
    bad = images()
    bad[1].arrays["REF_forces"][1, 2] = value
    bad[3].arrays["REF_forces"][0, 0] = value
    with pytest.raises(LabelError, match=r"`forces` is not finite in 2 .*\(frames 1, 3\)"):
        find(bad)
    bad = images()
    bad[3].info["REF_stress"] = np.full(6, value)
    with pytest.raises(LabelError, match=r"`stress` is not finite in 1 .*\(frame 3\)"):
        find(bad)


@pytest.mark.parametrize(
    ("info", "arrays", "match"),
    [
        ({"REF_energy": [1.0, 2.0]}, {}, r"`energy` of frame 0 must have shape \(\) or \(1,\)"),
        ({"REF_energy": "low"}, {}, "`energy` of frame 0 must have shape .* found 'low'"),
        ({}, {"REF_forces": np.zeros((2, 2))}, r"`forces` of frame 0 must have shape \(2, 3\)"),
        ({"REF_energy": 1.0, "REF_stress": np.zeros(5)}, {}, r"`stress` .* found shape \(5,\)"),
    ],
)
def test_wrong_shapes(info: dict[str, Any], arrays: dict[str, Any], match: str) -> None:
    with pytest.raises(LabelError, match=match):
        find([labelled(info, arrays)])


@pytest.mark.parametrize("label", ["energy", "forces", "stress", "virial"])
def test_a_key_of_the_card_that_is_not_there(label: str) -> None:
    atoms = labelled({"REF_energy": 1.0}, {"REF_forces": forces()})
    with pytest.raises(LabelError, match=f"the card says that `{label}` is `nope`, but no frame"):
        find([atoms], **{label: "nope"})
