"""Even values, shares of frames and numbers of steps."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.spread import even_values, n_steps, refuse_numbers, shares


def test_values_are_even_in_random_order() -> None:
    values = even_values(600.0, 1200.0, 220, np.random.default_rng([25]))
    np.testing.assert_allclose(np.diff(np.sort(values)), 600 / 220)
    assert values.min() == pytest.approx(600 + 300 / 220)
    assert values.mean() == pytest.approx(900.0)
    # The first quarter covers the range as the whole does, within three standard deviations.
    assert values[:55].mean() == pytest.approx(900.0, abs=3 * 600 / np.sqrt(12 * 55))
    same, other = (even_values(600.0, 1200.0, 220, np.random.default_rng([s])) for s in (25, 26))
    assert (values == same).all()
    assert (values != other).any()


def test_one_value_is_the_middle() -> None:
    assert even_values(0.9, 1.1, 1, np.random.default_rng(1)).tolist() == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("n_frames", "each", "expected"),
    [(6, 3, [3, 3]), (7, 3, [3, 2, 2]), (8, 3, [3, 3, 2]), (1, 3, [1]), (5, 1, [1] * 5)],
)
def test_shares_differ_by_one_at_most(n_frames: int, each: int, expected: list[int]) -> None:
    assert shares(n_frames, each) == expected


@pytest.mark.parametrize(
    ("duration", "timestep", "expected"),
    # 5 / 0.0015 = 3333.3; 0.3 / 0.1 is 2.9999999999999996 and 0.7 / 0.1 is 6.999999999999999.
    [(5.0, 0.0015, 3334), (1.5, 0.0015, 1000), (0.3, 0.1, 3), (40.0, 0.5, 80)],
)
def test_steps_last_at_least_as_long(duration: float, timestep: float, expected: int) -> None:
    assert n_steps(duration, timestep) == expected


def test_numbers_below_one_are_refused() -> None:
    refuse_numbers(n_frames=None, workers=1)
    with pytest.raises(UsageError, match="`n_frames` to be at least 1, found -1"):
        refuse_numbers(workers=2, n_frames=-1)
