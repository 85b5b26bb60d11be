"""Interpolation, length and barrier of a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.reaction_path import interpolated, path_barrier, path_lengths, to_images
from tests.helpers.emt_path import hop


@pytest.fixture(scope="module")
def path() -> tuple[list[Atoms], Frames, Any]:
    images = hop()
    fixed = np.zeros(len(images[0]), dtype=bool)
    fixed[images[0].constraints[0].index] = True
    return images, Frames.from_atoms(images), fixed


def counted(predict: Callable[[Frames], Predictions]) -> tuple[Any, list[str]]:
    calls: list[str] = []

    def asked(frames: Frames) -> Predictions:
        calls.append(f"{len(frames)} {frames.content_hash()}")
        return predict(frames)

    return asked, calls


def test_a_path_between_two_ends_is_interpolated(path: tuple[list[Atoms], Frames, Any]) -> None:
    _, frames, fixed = path
    whole = interpolated(frames.select([0, len(frames) - 1]), fixed)
    assert len(whole) == 9
    np.testing.assert_allclose(np.diff(path_lengths(whole)), path_lengths(whole)[-1] / 8, rtol=0.2)


def test_lengths_add_up_by_the_shortest_way_to_the_next_image() -> None:
    images = [Atoms("H", [[x, 0, 0]], cell=[4.0] * 3, pbc=True) for x in (3.5, 0.5, 2.0)]
    found = path_lengths(Frames.from_atoms(images))
    np.testing.assert_allclose(found, [0.0, 1.0, 2.5])


def test_the_barrier_is_that_of_the_spline() -> None:
    """Between two images that straddle the top of a parabola, the spline has the top."""
    images = []
    for x in (-3.0, -1.0, 1.0, 3.0):
        atoms = Atoms("H", [[x, 0.0, 0.0]])
        atoms.calc = SinglePointCalculator(
            atoms, energy=2.0 - 0.1 * x**2, forces=np.array([[0.2 * x, 0.0, 0.0]])
        )
        images.append(atoms)
    barrier, difference = path_barrier(images)
    assert barrier == pytest.approx(0.9, abs=1e-6)
    assert difference == pytest.approx(0.0)


def test_fixed_atoms_become_a_constraint(path: tuple[list[Atoms], Frames, Any]) -> None:
    images, frames, fixed = path
    found = to_images(frames, fixed)
    np.testing.assert_array_equal(found[0].constraints[0].index, images[0].constraints[0].index)
    assert not to_images(frames, np.zeros_like(fixed))[0].constraints
