from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.pairs import neighbours, pairs


@pytest.mark.parametrize(
    "atoms", [bulk("Cu"), fcc111("Cu", (2, 2, 2)), Atoms("Cu2", [[0.0] * 3, [30.0, 2.0, 0.0]])]
)
def test_vectors_have_the_length_of_the_pairs(atoms: Atoms) -> None:
    first, second, distances, vectors = pairs(Frames.from_atoms([atoms]), 0, 4.0)
    assert len(first) == len(second)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), distances)
    assert (len(distances) > 0) is (len(atoms) != 2)


def test_own_images_are_neighbours_of_a_single_atom_only() -> None:
    frames = Frames.from_atoms([bulk("Cu"), bulk("Cu", cubic=True)])
    assert len(neighbours(frames, 0, 2.6)[0]) == 12
    first, second, _ = neighbours(frames, 1, 3.7)
    assert (first != second).all()
