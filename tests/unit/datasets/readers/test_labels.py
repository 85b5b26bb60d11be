from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import LabelError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.labels import find_labels
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


def some_labelled(missing: str) -> list[Atoms]:
    """Nine frames, six of them without a label."""
    images = [labelled({"REF_energy": 1.0}, {"REF_forces": forces()}) for _ in range(9)]
    for index in (1, 2, 3, 4, 5, 7):
        if missing == "energy":
            del images[index].info["REF_energy"]
        else:
            del images[index].arrays["REF_forces"]
    return images


@pytest.mark.parametrize("missing", ["energy", "forces"])
def test_labels_on_some_frames_only(missing: str) -> None:
    images = some_labelled(missing)
    found = find(images)
    offsets = Frames.from_atoms(images).offsets
    has = [True, False, False, False, False, False, True, False, True]
    assert found.labels.has(missing, offsets).tolist() == has
    assert found.labels.complete(offsets).tolist() == has
    (finding,) = found.findings
    assert finding.code == f"some-{missing}"
    assert finding.frames == (1, 2, 3, 4, 5, 7)
    match = f"`REF_{missing}` is on 3 of 9 frames only, missing on frames 1, 2, 3, 4, 5, …"
    assert match in finding.message


@pytest.mark.parametrize("missing", ["energy", "forces"])
def test_labels_that_must_be_on_all_frames(missing: str) -> None:
    match = rf"`REF_{missing}` is on 3 of 9 frames only, missing on frames 1, 2, 3, 4, 5, …"
    with pytest.raises(LabelError, match=match):
        find_labels(some_labelled(missing), LabelKeys(), "x.extxyz", partial=False)


@pytest.mark.parametrize("other", ["energy", "dft_energy", "E"])
def test_files_of_several_names_are_not_combined(other: str) -> None:
    arrays = {"REF_forces": forces()}
    images = [labelled({"REF_energy": 1.0}, dict(arrays)), labelled({other: 2.0}, dict(arrays))]
    match = rf"`REF_energy` is on 1 of 2 frames only; those without it .frame 1. have `{other}`"
    with pytest.raises(LabelError, match=match):
        find(images)
    found = find(images, energy="REF_energy")
    np.testing.assert_array_equal(found.labels.energy, [1.0, np.nan])
    # Where all frames have it, it is something else: what an attached model predicted.
    images[0].info[other] = 3.0
    found = find(images)
    np.testing.assert_array_equal(found.labels.energy, [1.0, np.nan])


@pytest.mark.parametrize(
    ("energy", "forces_key", "stress"),
    [
        ("Energy", "force", "Virial"),
        ("ENERGY", "FORCES", "STRESS"),
        ("ref_energy", "ref_force", "ref_stresses"),
        ("dft_energy", "dft_forces", "dft_virial"),
        ("energy_dft", "forces_DFT", "stress-dft"),
        ("DFT-energy", "dft-force", "DFT-stress"),
        ("true_total_energy", "true_forces", "true_virials"),
        ("target_energies", "target_force", "target_stress"),
        ("qm_energy", "qm_forces", "qm_stress"),
        ("free_energy", "forces", "virials"),
        ("TotEnergy", "Forces", "Stress"),
        ("vasp_energy", "vasp_forces", "vasp_stress"),
        ("pbe_energy_eV", "pbe_forces_eV_A", "pbe_stress_eV_per_A3"),
        ("corrected_total_energy", "corrected_forces", "corrected_stress"),
    ],
)
def test_names_as_people_write_them(energy: str, forces_key: str, stress: str) -> None:
    found = find([labelled({energy: -1.0, stress: VOIGT}, {forces_key: forces(2.0)})])
    np.testing.assert_array_equal(found.labels.energy, [-1.0])
    np.testing.assert_array_equal(found.labels.forces, forces(2.0))
    assert found.labels.stress is not None
    assert found.keys == {"energy": energy, "forces": forces_key, "stress": stress}
    assert found.unread == {}
    assert found.findings == ()


@pytest.mark.parametrize(
    "other",
    [
        *("MACE_energy", "pred_energy", "energy_per_atom", "energy_hartree", "E", "E0", "etot"),
        *("formation_energy", "dft_d3_energy"),
    ],
)
def test_an_energy_of_unknown_kind_is_named_and_not_taken(other: str) -> None:
    found = find([labelled({other: -1.0}, {"forces": forces()})])
    assert found.labels.energy is None
    assert found.unread == {"energy": (other,)}
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("no-energy", "warning")
    assert f"`{other}` could be energies" in finding.message
    assert f'[labels] energy = "{other}"' in finding.message


@pytest.mark.parametrize("other", ["f", "F", "gradient", "dft_gradients", "MACE_forces", "xyzzy"])
def test_forces_of_unknown_kind_are_named_and_not_taken(other: str) -> None:
    found = find([labelled({"energy": -1.0}, {other: forces()})])
    assert found.labels.forces is None
    assert found.unread == {"forces": (other,)}


@pytest.mark.parametrize(
    "other", ["momenta", "velocities", "velo", "dipoles", "magmom", "unwrapped_pos", "image_flags"]
)
def test_other_vectors_are_no_forces(other: str) -> None:
    assert find([labelled({"energy": -1.0}, {other: forces()})]).unread == {}


@pytest.mark.parametrize("other", ["energy_weight", "energy_sigma", "energy_err", "kinetic_energy"])
def test_what_only_belongs_to_an_energy_is_none(other: str) -> None:
    assert find([labelled({other: 1.0}, {"forces": forces()})]).unread == {}


def test_energies_of_one_method_never_meet_forces_of_another() -> None:
    found = find([labelled({"REF_energy": 1.0}, {"forces": forces()})])
    assert found.labels.forces is None
    assert found.unread == {"forces": ("forces",)}
    found = find([labelled({"energy": 1.0}, {"REF_forces": forces()})])
    assert found.labels.energy is None
    assert found.unread == {"energy": ("energy",)}


def test_a_reference_comes_before_a_method_before_plain_names() -> None:
    info = {"energy": 3.0, "dft_energy": 2.0, "REF_energy": 1.0}
    arrays = {"forces": forces(3.0), "dft_forces": forces(2.0), "REF_forces": forces(1.0)}
    for prefix in ("REF_", "dft_", ""):
        found = find([labelled(dict(info), dict(arrays))])
        assert found.keys == {"energy": f"{prefix}energy", "forces": f"{prefix}forces"}
        others = [finding for finding in found.findings if finding.code == "labels-not-used"]
        assert bool(others) == (prefix != "")
        del info[f"{prefix}energy"], arrays[f"{prefix}forces"]


def test_two_methods_of_equal_rank_are_for_the_user_to_choose() -> None:
    info = {"pbe_energy": 1.0, "scan_energy": 2.0}
    atoms = labelled(info, {"pbe_forces": forces(), "scan_forces": forces()})
    with pytest.raises(LabelError, match=r"several methods: `pbe_energy`, `scan_energy`.*card"):
        find([atoms])
    found = find([atoms], energy="scan_energy")
    assert found.keys == {"energy": "scan_energy", "forces": "scan_forces"}


def test_an_energy_is_taken_before_a_free_or_total_one() -> None:
    info = {"free_energy": 3.0, "total_energy": 2.0, "energy": 1.0}
    found = find([labelled(info, {"forces": forces()})])
    assert found.keys["energy"] == "energy"
    assert found.findings == ()


def test_nan_is_a_missing_label() -> None:
    images = [labelled({"energy": 1.0}, {"forces": forces()}) for _ in range(4)]
    images[1].info["energy"] = np.nan
    images[2].arrays["forces"] = np.array([[np.nan, 0, 0], [1.0, 1.0, 1.0]])
    found = find(images)
    offsets = Frames.from_atoms(images).offsets
    assert found.labels.has_energy is not None
    assert found.labels.has_energy.tolist() == [True, False, True, True]
    has_forces = found.labels.has_forces(offsets)
    assert has_forces is not None
    assert has_forces.tolist() == [True, True, False, True]
    assert "3 of 4 frames only, missing on frame 1 (1 of them as NaN)" in found.findings[0].message


def test_isolated_atoms_have_no_say_in_the_keys() -> None:
    alone = [
        Atoms("Cu", info={"REF_energy": 1.0, "config_type": "IsolatedAtom"}),
        Atoms("Ni", cell=[15.0] * 3, pbc=True, info={"energy": 2.0}),
    ]
    found = find([*alone, labelled({"energy": 3.0}, {"forces": forces()})])
    assert found.isolated.tolist() == [True, True, False]
    assert found.keys == {"energy": "energy", "forces": "forces"}
    np.testing.assert_array_equal(found.labels.energy, [np.nan, 2.0, 3.0])
    assert found.findings == ()


def test_what_a_model_predicted_is_named_and_not_taken() -> None:
    info = {"energy": 1.0, "MACE_energy": 2.0, "energy_weight": 1.0}
    found = find([labelled(info, {"forces": forces(), "MACE_forces": forces()})])
    assert found.keys == {"energy": "energy", "forces": "forces"}
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("labels-not-used", "note")
    assert "`MACE_energy`, `MACE_forces`: not taken" in finding.message
