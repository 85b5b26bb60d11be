from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import LabelError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.labelling.bare_energy import (
    bare_energies,
    has_bare_energy,
    is_of_cp2k,
    named_labels,
    where_forces_are,
)

HEAD = {"i": 0, "time": 0.5, "E": -17.2}


def atoms(info: dict[str, object] | None = None, **arrays: object) -> Atoms:
    result = Atoms("OH2", [[0, 0, 0], [0, 0.8, 0.6], [0, -0.8, 0.6]], cell=[9, 9, 9], pbc=True)
    result.info = dict(HEAD if info is None else info)
    for name, value in arrays.items():
        result.arrays[name] = np.full((3, 3), value)
    return result


def names(images: list[Atoms], **keys: str) -> tuple[str | None, str | None]:
    found = named_labels(images, LabelKeys(**keys), "x.traj")
    return found.energy, found.forces


@pytest.mark.parametrize("name", ["frc", "f", "F", "cp2k_frc", "Force_cp2k_raw"])
def test_forces_of_cp2k_have_any_name_of_forces(name: str) -> None:
    assert names([atoms(**{name: 0.1})]) == ("E", name)


def test_usual_names_of_forces_need_no_naming() -> None:
    for name in ("forces", "force", "cp2k_forces"):
        assert names([atoms(**{name: 0.1})]) == ("E", None)


@pytest.mark.parametrize("name", ["gradient", "f_grad", "xyzzy", "velocities", "force_mask"])
def test_other_arrays_are_not_taken_for_forces(name: str) -> None:
    assert names([atoms(**{name: 0.1})]) == ("E", None)


def test_two_arrays_that_could_be_the_forces_are_refused() -> None:
    with pytest.raises(LabelError, match=r"several arrays .*: `f`, `frc`.* forces = \"f\""):
        names([atoms(f=0.1, frc=0.2)])


def test_without_cp2k_no_array_is_taken() -> None:
    assert names([atoms({"E": -1.0}, frc=0.1)]) == ("E", None)


def test_usual_energies_come_before_e() -> None:
    assert names([atoms({**HEAD, "energy": -1.0}, forces=0.1)]) == (None, None)
    assert names([atoms({**HEAD, "REF_energy": -1.0})]) == (None, None)


def test_forces_of_another_family_do_not_belong_to_e() -> None:
    assert names([atoms(REF_forces=0.1)]) == (None, None)
    # But a person may say so.
    assert names([atoms(REF_forces=0.1)], energy="E") == ("E", None)


def test_another_key_that_a_person_names_is_left_alone() -> None:
    assert names([atoms(frc=0.1)], energy="E0") == ("E0", None)
    assert names([atoms(frc=0.1, f=0.2)], forces="f") == ("E", "f")


@pytest.mark.parametrize("value", [np.ones(3), "high", True, None])
def test_an_e_that_is_no_number_is_something_else(value: object) -> None:
    image = atoms({"E": value})
    assert not has_bare_energy([image])
    assert np.isnan(bare_energies([image])).all()


def test_i_and_time_are_those_of_cp2k() -> None:
    assert is_of_cp2k([atoms()])
    assert not is_of_cp2k([atoms({"E": -1.0, "time": 0.5})])
    assert not is_of_cp2k([atoms({"i": 1, "time": 0.5})])
    # Of some frames is not enough: two programs may be in one file.
    assert not is_of_cp2k([atoms(), atoms({"E": -1.0})])


def test_an_isolated_atom_needs_no_header() -> None:
    single = Atoms("O", cell=[9, 9, 9], pbc=True)
    single.info["E"] = -15.9
    assert is_of_cp2k([atoms(), single])


@pytest.mark.parametrize(
    "image",
    [
        atoms({"E": -1.0, "program": "CP2K 2023.1"}),
        atoms({"E": -1.0, "comment": "single points by cp2k.psmp"}),
        atoms({"E": -1.0}, cp2k_forces=0.1),
        atoms({"E": -1.0, "CP2K_charge": 0}),
    ],
)
def test_anything_that_names_cp2k_counts_for_its_file(image: Atoms) -> None:
    plain = atoms({"E": -1.0})
    assert is_of_cp2k([plain, image])
    # Not for another file.
    assert not is_of_cp2k([plain, image], counts=[1, 1])
    assert is_of_cp2k([atoms(), image], counts=[1, 1])


def test_the_forces_of_a_trajectory_are_in_a_file_of_its_own() -> None:
    said = where_forces_are([atoms()], Path("water-pos-1.xyz"))
    assert "Its forces are in water-frc-1.xyz" in said
    assert where_forces_are([atoms()], Path("water.xyz")) == ""
    assert where_forces_are([atoms({"E": -1.0})], Path("water-pos-1.xyz")) == ""
