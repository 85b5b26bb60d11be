from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.committee.spread import averaging, committee_spread
from tests.helpers.committees import committee, draws


@pytest.mark.parametrize("n_members", [3, 5, 10])
def test_the_error_of_the_mean_of_draws_is_as_expected(n_members: int) -> None:
    """Without 1 + 1/M, a committee of three would look over-confident by 15 %."""
    spread = committee(n_members=n_members, n_frames=400, vary=0.0)
    expected = np.sqrt(np.mean(spread.expected**2))
    assert np.sqrt(np.mean(spread.size**2)) == pytest.approx(expected, rel=0.02)


def test_numbers_by_hand() -> None:
    predicted = [[[1.0, 0.0, 0.0]], [[3.0, 0.0, 0.0]], [[2.0, 0.0, 3.0]]]
    spread = committee_spread(predicted, [[2.0, 1.0, 0.0]], [7])
    assert spread.errors.tolist() == [[0.0, -1.0, 1.0]]
    assert spread.size == pytest.approx([np.sqrt(2 / 3)])
    # Variances 1, 0 and 3, with two degrees of freedom each, and 1 + 1/3.
    assert spread.expected == pytest.approx([np.sqrt(4 / 3 * 4 / 3)])
    assert (spread.n_members, spread.degrees, spread.frame.tolist()) == (3, 6, [0])


def test_what_nobody_disputes_is_left_out() -> None:
    predicted, reference, frame = draws(n_frames=3, n_atoms=2)
    predicted[:, 2:4] = reference[2:4] = 0.25
    groups = np.array([5, 6, 7])
    spread = committee_spread(predicted, reference, frame, groups)
    assert spread.n_items == 4
    assert spread.frame.tolist() == [0, 0, 1, 1]
    assert spread.groups is not None
    assert spread.groups.tolist() == [5, 7]


def test_members_that_predict_the_same_are_found() -> None:
    predicted, reference, frame = draws()
    # Rounding in a mean must not hide it.
    predicted = predicted * 1e-3 - 1234.5
    predicted[3] = predicted[1]
    assert committee_spread(predicted, reference, frame).twins() == ((1, 3),)
    assert committee().twins() == ()


def test_each_member_can_be_the_reference_of_the_others() -> None:
    predicted, reference, frame = draws()
    direct = committee_spread(predicted[[0, 1, 3]], predicted[2], frame)
    through = committee_spread(predicted, reference, frame).without(2)
    np.testing.assert_allclose(through.errors, direct.errors, atol=1e-15)
    np.testing.assert_allclose(through.expected, direct.expected, atol=1e-15)


def test_what_members_do_not_share_averages_out() -> None:
    predicted, reference, frame = draws(n_frames=400, vary=0.0)
    # Error of the mean 1 + 1/4, of a member 2, in variances.
    found = averaging(committee_spread(predicted, reference, frame))
    assert found.value == pytest.approx(np.sqrt(1.25 / 2), rel=0.02)
    biased = averaging(committee_spread(predicted + 10.0, reference, frame))
    assert biased.value == pytest.approx(1.0, abs=1e-4)
