"""Concatenated structures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames
from ms25_suite.core.frames.frames import FINGERPRINT_STEP


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


def test_frames_that_follow_one_another_are_copies_too(frames: Frames) -> None:
    found = frames.select([1, 2])
    assert found.content_hash() == frames.select([0, 1, 2]).select([1, 2]).content_hash()
    np.testing.assert_array_equal(
        found.positions, frames.select([2, 1, 2]).select([1, 2]).positions
    )
    found.positions[:] = 7.0
    assert not (frames.positions == 7.0).any()


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
