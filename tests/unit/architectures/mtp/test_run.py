"""Training program of moment tensor potentials; whole trainings are in tests/integration."""

from __future__ import annotations

import pytest
from ase import Atoms

from ms25_suite.architectures.mtp.run import shortest_distance
from ms25_suite.core.frames import Frames


def test_shortest_distance() -> None:
    atoms = Atoms("CuNi", [[0, 0, 0], [2.3, 0, 0]], cell=[2.5, 9, 9], pbc=True)
    assert shortest_distance(Frames.from_atoms([atoms]), 5.0) == pytest.approx(0.2)
    assert shortest_distance(Frames.from_atoms([Atoms("Cu")]), 5.0) == 5.0
