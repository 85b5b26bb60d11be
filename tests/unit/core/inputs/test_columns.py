from __future__ import annotations

import hashlib

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames
from ms25_suite.core.inputs import Column, Inputs, is_default


def water(**info: object) -> Atoms:
    atoms = molecule("H2O")
    atoms.info.update(info)
    return atoms


def test_charge_states_of_a_geometry_are_different_frames() -> None:
    images = [water(charge=charge) for charge in (-1, 0, 1)]
    assert len(set(Frames.from_atoms(images).fingerprints())) == 3


def test_spin_and_moments_tell_frames_apart() -> None:
    up = water()
    up.set_initial_magnetic_moments([1.0, 0.0, 0.0])
    images = [water(), water(spin=3), up, water(head="other"), water(external_field=[0, 0, 0.1])]
    assert len(set(Frames.from_atoms(images).fingerprints())) == len(images)


def test_a_charge_of_zero_is_that_of_a_frame_without_one() -> None:
    """A training file without charges, and a test file that writes the zero."""
    plain, stated = Frames.from_atoms([water()]), Frames.from_atoms([water(charge=0, spin=1)])
    assert plain.fingerprints() == stated.fingerprints()
    assert plain.content_hash() != stated.content_hash()


def test_the_hash_of_frames_without_inputs_is_what_it_was() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)])
    digest = hashlib.sha256()
    for array in (frames.numbers, frames.positions, frames.cells, frames.pbc, frames.offsets):
        digest.update(np.ascontiguousarray(array).tobytes())
    assert frames.content_hash() == digest.hexdigest()


def test_inputs_follow_their_frames() -> None:
    images = [water(charge=index, head="ab"[index % 2]) for index in range(4)]
    for index, atoms in enumerate(images):
        atoms.set_initial_charges([index, 0.0, 0.5])
    chosen = Frames.from_atoms(images).select([3, 1])
    assert chosen.inputs["total_charge"].values.tolist() == [3.0, 1.0]
    assert chosen.inputs["head"].values.tolist() == ["b", "b"]
    assert chosen.inputs["initial_charges"].values.tolist() == [3.0, 0.0, 0.5, 1.0, 0.0, 0.5]


def test_a_frame_becomes_atoms_that_calculators_read() -> None:
    frames = Frames.from_atoms([water(total_charge=-1.0, multiplicity=2), water()])
    charged, plain = frames.atoms(0), frames.atoms(1)
    # MACE's calculator, fairchem, ORB and AIMNet2 read the short names; some insist on `int`.
    assert charged.info == {"charge": -1, "total_charge": -1, "spin": 2, "total_spin": 2}
    assert type(charged.info["charge"]) is int
    assert plain.info == {}
    assert Frames.from_atoms([charged]).content_hash() == frames.select([0]).content_hash()


def test_charges_of_a_supercell_add_up() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.info.update(charge=1, spin=2, head="a")
    atoms.set_initial_magnetic_moments([1.0, 2.0, 3.0, 4.0])
    single = bulk("Cu")
    single.info["charge"] = -2
    frames = Frames.from_atoms([atoms, single])
    twice = frames.inputs.repeated(2, frames.offsets)
    assert twice["total_charge"].values.tolist() == [2.0, -4.0]
    # Two doublets without interaction have two unpaired electrons: a triplet.
    assert twice["spin_multiplicity"].values[0] == 3.0
    assert twice["head"].values.tolist() == ["a", ""]
    np.testing.assert_array_equal(
        twice["initial_magmoms"].values[:8], [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]
    )
    assert len(twice["initial_magmoms"].values) == 10


def test_columns_must_fit_the_frames() -> None:
    frames = Frames.from_atoms([water()])
    short = Inputs({"total_charge": Column(np.zeros(2), "frame")})
    with pytest.raises(ValueError, match="`total_charge` must have 1 rows, found 2"):
        Frames(
            frames.numbers, frames.positions, frames.cells, frames.pbc, frames.offsets, inputs=short
        )


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("total_charge", [0.0, np.nan], True),
        ("total_charge", [0.0, 1.0], False),
        ("spin_multiplicity", [1.0], True),
        ("spin_multiplicity", [0.0], False),
        ("electronic_temperature", [0.0], False),
        ("field", [0.0], False),
    ],
)
def test_default_values(name: str, values: list[float], expected: bool) -> None:
    assert is_default(name, Column(np.array(values), "frame")) == expected
