"""Concatenated structures, and the properties that belong to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress

from ms25_suite.core.frames import (
    FINGERPRINT_STEP,
    Frames,
    Labels,
    Predictions,
    from_voigt,
    to_voigt,
)


@pytest.fixture
def images() -> list[Atoms]:
    return [bulk("NiO", "rocksalt", a=4.2), molecule("H2O"), bulk("Cu", cubic=True)]


@pytest.fixture
def frames(images: list[Atoms]) -> Frames:
    return Frames.from_atoms(images)


def properties(frames: Frames) -> Predictions:
    """Each number names its frame or its atom."""
    n, atoms = len(frames), len(frames.numbers)
    stress = np.repeat(np.arange(n, dtype=float)[:, None], 6, axis=1)
    stress[1] = np.nan
    forces = np.repeat(np.arange(atoms, dtype=float)[:, None], 3, axis=1)
    return Predictions(np.arange(n, dtype=float), forces, stress)


def test_structures_come_back_as_they_were(frames: Frames, images: list[Atoms]) -> None:
    assert len(frames) == 3
    assert frames.n_atoms.tolist() == [2, 3, 4]
    assert frames.frame_of_atom.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert frames.elements == (1, 8, 28, 29)
    np.testing.assert_allclose(frames.volumes, [4.2**3 / 4, 0.0, 3.61**3])
    for index, atoms in enumerate(images):
        found = frames.atoms(index)
        assert found == Atoms(
            atoms.symbols, atoms.positions, cell=atoms.cell.array, pbc=atoms.pbc.tolist()
        )


def test_no_frames_are_frames() -> None:
    empty = Frames.from_atoms([])
    assert (len(empty), empty.elements, empty.n_atoms.tolist()) == (0, (), [])


def test_frames_are_selected_in_the_given_order_and_may_repeat(
    frames: Frames, images: list[Atoms]
) -> None:
    found = frames.select([2, 0, 2])
    expected = Frames.from_atoms([images[2], images[0], images[2]])
    assert found.content_hash() == expected.content_hash()
    assert len(frames.select([])) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("numbers", np.ones(8, dtype=int)),
        ("positions", np.zeros((9, 2))),
        ("cells", np.zeros((2, 3, 3))),
        ("pbc", np.zeros((3, 2), dtype=bool)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(frames: Frames, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"`{name}` must have shape .* to fit `offsets`, got"):
        replace(frames, **{name: value})


def test_the_hash_depends_on_every_array(frames: Frames) -> None:
    known = {frames.content_hash()}
    for name in ("numbers", "positions", "cells"):
        changed = np.array(getattr(frames, name))
        changed.flat[0] += 1
        known.add(replace(frames, **{name: changed}).content_hash())
    known.add(replace(frames, pbc=~frames.pbc).content_hash())
    assert len(known) == 5
    # Not on how the numbers are stored.
    assert replace(frames, numbers=frames.numbers.astype(np.int32)).content_hash() in known


def test_fingerprints_are_equal_within_their_step(frames: Frames) -> None:
    whole = np.rint(frames.positions / FINGERPRINT_STEP) * FINGERPRINT_STEP
    base = replace(frames, positions=whole)
    near = replace(base, positions=whole + 0.4 * FINGERPRINT_STEP).fingerprints()
    far = np.array(whole)
    far[0, 0] += 2 * FINGERPRINT_STEP
    assert near == base.fingerprints()
    moved = replace(base, positions=far).fingerprints()
    assert moved[0] != near[0]
    assert moved[1:] == near[1:]
    assert len(set(near)) == 3


def test_properties_follow_their_frames(frames: Frames) -> None:
    found = properties(frames).select([2, 0], frames.offsets)
    assert found.energy.tolist() == [2.0, 0.0]
    assert found.forces[:, 0].tolist() == [5.0, 6.0, 7.0, 8.0, 0.0, 1.0]
    assert found.stress[:, 0].tolist() == [2.0, 0.0]
    assert isinstance(found, Predictions)
    assert Labels().select([0], frames.offsets).energy is None


def test_a_row_of_nan_is_no_stress(frames: Frames) -> None:
    assert properties(frames).has_stress.tolist() == [True, False, True]
    assert Predictions().has_stress is None


def test_predictions_of_groups_are_joined(frames: Frames) -> None:
    whole = properties(frames)
    parts = [whole.select([0], frames.offsets), whole.select([1, 2], frames.offsets)]
    found = Predictions.concatenate(parts)
    np.testing.assert_array_equal(found.forces, whole.forces)
    np.testing.assert_array_equal(found.stress, whole.stress)
    without = Predictions.concatenate([parts[0], Predictions(parts[1].energy, parts[1].forces)])
    assert without.stress is None
    assert without.energy.tolist() == [0.0, 1.0, 2.0]


def test_voigt_order_is_that_of_ase() -> None:
    tensor = np.random.default_rng(0).normal(size=(5, 3, 3))
    tensor += np.swapaxes(tensor, 1, 2)
    np.testing.assert_allclose(to_voigt(tensor), [full_3x3_to_voigt_6_stress(t) for t in tensor])
    components = to_voigt(tensor)
    expected = [voigt_6_to_full_3x3_stress(c) for c in components]
    np.testing.assert_allclose(from_voigt(components), expected)


def test_voigt_components_are_those_of_the_symmetric_part() -> None:
    tensor = np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(from_voigt(to_voigt(tensor)), 0.5 * (tensor + tensor.T))
