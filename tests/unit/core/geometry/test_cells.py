from __future__ import annotations

import itertools

import numpy as np
import pytest

from ms25_suite.core.geometry.cells import periodic_heights, periodic_volumes


def test_heights_of_a_triclinic_cell() -> None:
    cell = np.random.default_rng(0).normal(size=(3, 3)) * 5.0
    # The rows of the reciprocal cell are normal to the faces, with the inverse heights as lengths.
    expected = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    assert periodic_heights(cell[None], np.ones((1, 3), bool))[0] == pytest.approx(expected)
    volume = abs(np.linalg.det(cell))
    assert periodic_volumes(cell[None], np.ones((1, 3), bool)) == pytest.approx([volume])


@pytest.mark.parametrize("pbc", list(itertools.product((True, False), repeat=3)))
def test_only_periodic_vectors_count(pbc: tuple[bool, ...]) -> None:
    lengths = np.array([2.0, 3.0, 5.0])
    cells, flags = np.diag(lengths)[None], np.array([pbc])
    assert periodic_volumes(cells, flags) == pytest.approx([lengths[flags[0]].prod()])
    expected = np.where(flags[0], lengths, np.inf)
    assert periodic_heights(cells, flags)[0] == pytest.approx(expected)


def test_dependent_vectors_have_no_height() -> None:
    cell = np.array([[[3.0, 0.0, 0.0], [6.0, 0.0, 0.0], [0.0, 0.0, 4.0]]])
    assert periodic_heights(cell, np.array([[True, True, False]]))[0, :2].tolist() == [0.0, 0.0]
    # The plane of two periodic vectors may hold the third, which is not periodic.
    heights = periodic_heights(cell, np.array([[True, False, True]]))[0]
    assert heights.tolist() == [3.0, np.inf, 4.0]
