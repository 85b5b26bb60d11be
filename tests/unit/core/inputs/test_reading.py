from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from ms25_suite.core.inputs import KNOWN_INPUTS, Inputs, collect


def water(**info: object) -> Atoms:
    atoms = molecule("H2O")
    atoms.info.update(info)
    return atoms


@pytest.mark.parametrize("key", ["charge", "Charge", "total_charge", "tot_charge", "net_charge"])
def test_a_charge_is_read_under_its_usual_names(key: str) -> None:
    assert collect([water(**{key: 2})])["total_charge"].values.tolist() == [2.0]


@pytest.mark.parametrize("key", ["spin", "total_spin", "multiplicity", "spin_multiplicity"])
def test_a_multiplicity_too(key: str) -> None:
    assert collect([water(**{key: 3})])["spin_multiplicity"].values.tolist() == [3.0]


@pytest.mark.parametrize("absent", [None, "", "none", "None", "nan", float("nan")])
def test_frames_may_lack_what_others_state(absent: Any) -> None:
    column = collect([water(charge=1), water(charge=absent), water()])["total_charge"]
    assert column.stated().tolist() == [True, False, False]


def test_ordinary_frames_have_no_inputs() -> None:
    assert len(collect([water(energy=1.0, config_type="x"), water()])) == 0


def test_vectors_and_moments_in_three_directions() -> None:
    atoms = water(external_field=np.array([0.0, 0.0, 0.1]))
    atoms.set_initial_magnetic_moments(np.eye(3))
    found = collect([atoms, water()])
    assert found["external_field"].values.shape == (2, 3)
    assert found["initial_magmoms"].values.shape == (6, 3)
    assert found["initial_magmoms"].stated().tolist() == [True] * 3 + [False] * 3


def test_a_card_names_other_keys_and_other_inputs() -> None:
    atoms = water(q=1, phase="liquid", field=[1.0, 2.0])
    atoms.arrays["polarisability"] = np.ones(3)
    keys = {"total_charge": "q", "phase": "phase", "field": "Field", "alpha": "polarisability"}
    found = collect([atoms], keys)
    assert found["total_charge"].values.tolist() == [1.0]
    assert found["phase"].values.tolist() == ["liquid"]
    assert found["field"].values.tolist() == [[1.0, 2.0]]
    assert found["alpha"].per == "atom"


@pytest.mark.parametrize(
    ("images", "keys", "message"),
    [
        ([water(charge=1, total_charge=2)], {}, "`charge` = 1 and `total_charge` = 2"),
        ([water(charge="plus one")], {}, "frame 0 is plus one .*expected numbers"),
        ([water(charge=float("inf"))], {}, "`total_charge` of frame 0 is infinite"),
        (
            [water(external_field=[0, 0, 1.0]), water(external_field=[1.0])],
            {},
            r"`external_field` of frame 1 .*expected numbers of shape \(3,\)",
        ),
        ([water(a=1)], {"total_charge": "q"}, "`total_charge` = 'q', which no frame has"),
        ([water(a=1)], {"x": "b"}, "`x` = 'b', which no frame has; the frames have a, numbers"),
    ],
)
def test_unusable_inputs_are_refused(
    images: list[Atoms], keys: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        collect(images, keys)


def test_equal_values_under_two_keys_are_no_contradiction() -> None:
    assert collect([water(charge=1, total_charge=1)])["total_charge"].values.tolist() == [1.0]


def test_keys_of_different_inputs_do_not_collide() -> None:
    keys = [key for known in KNOWN_INPUTS.values() for key in known.keys]
    assert len(keys) == len(set(keys))
    assert all(key == key.lower() for key in keys)


def test_what_is_written_is_read_back() -> None:
    images = [water(charge=-1, spin=2, head="a"), water(charge=0.5)]
    images[0].set_initial_charges([-1.0, 0.0, 0.0])
    again = []
    found = collect(images)
    for index in range(2):
        atoms = molecule("H2O")
        found.set_on(atoms, index, slice(3 * index, 3 * index + 3))
        again.append(atoms)
    second: Inputs = collect(again)
    assert set(second) == set(found)
    for name in found:
        np.testing.assert_array_equal(second[name].values, found[name].values)
