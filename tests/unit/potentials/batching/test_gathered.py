from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.batching.gathered import Gathered

FRAMES = Frames.from_atoms([Atoms(f"H{n}", np.zeros((n, 3))) for n in (1, 2, 3, 1, 2, 1)])
WHOLE = Predictions(np.arange(6.0), np.arange(30.0).reshape(10, 3), np.arange(36.0).reshape(6, 6))


def _part(start: int, stop: int, **changes: object) -> Predictions:
    found = WHOLE.select(np.arange(start, stop), FRAMES.offsets)
    values = {"energy": found.energy, "forces": found.forces, "stress": found.stress}
    return Predictions(**values | changes)


@pytest.mark.parametrize(
    ("spans", "complete"),
    [
        # Several parts of one block, and in any order.
        ([(4, 6), (0, 2), (2, 3), (3, 4)], [[], [], [0], [1]]),
        # Several blocks in a part.
        ([(0, 6)], [[0, 1]]),
    ],
)
def test_parts_complete_blocks(spans: list[tuple[int, int]], complete: list[list[int]]) -> None:
    gathered = Gathered(FRAMES, [0, 3, 6])
    assert [gathered.add(span, _part(*span)) for span in spans] == complete
    for block in (0, 1):
        span = gathered.span(block)
        expected = WHOLE.select(np.arange(*span), FRAMES.offsets)
        np.testing.assert_array_equal(gathered.take(span).forces, expected.forces)
        np.testing.assert_array_equal(gathered.take(span).stress, expected.stress)
    np.testing.assert_array_equal(gathered.take((0, 6)).energy, WHOLE.energy)


def test_a_stress_of_some_frames_only() -> None:
    gathered = Gathered(FRAMES, [0, 3, 6])
    gathered.add((0, 3), _part(0, 3))
    gathered.add((3, 6), _part(3, 6, stress=None))
    assert gathered.is_mixed((0, 6))
    assert not gathered.is_mixed((0, 3))
    assert gathered.take((0, 3)).stress is not None
    assert gathered.take((3, 6)).stress is None


def test_a_part_without_forces() -> None:
    gathered = Gathered(FRAMES, [0, 6])
    assert gathered.add((0, 6), _part(0, 6, forces=None)) == []
    assert gathered.lacks
