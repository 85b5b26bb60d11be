from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from ms25_suite.metrics.committee.calibration import (
    LEVELS,
    bins,
    coverage,
    likelihood_gain,
    overconfidence,
    reliability,
)
from ms25_suite.metrics.committee.spread import committee_spread
from tests.helpers.committees import committee, draws


@pytest.mark.parametrize("n_members", [3, 4, 8])
@pytest.mark.parametrize("width", [1, 3])
def test_a_calibrated_committee_lies_on_the_diagonal(n_members: int, width: int) -> None:
    """Also one of three, whose spread is uncertain: Student's t, and no normal distribution."""
    spread = committee(n_members=n_members, width=width, n_frames=300)
    np.testing.assert_allclose(reliability(spread), LEVELS, atol=0.02)
    ratio = overconfidence(spread)
    assert ratio.value == pytest.approx(1.0, abs=0.05)
    assert ratio.interval is not None
    assert ratio.interval[0] < ratio.value < ratio.interval[1]


def test_over_confidence_is_found_by_every_number() -> None:
    spread = committee("over-confident")
    # The mean of members so close to each other has the error of a single draw.
    assert overconfidence(spread).value == pytest.approx(5 / np.sqrt(1.25), rel=0.1)
    assert coverage(spread, 0.95).value < 0.45
    assert (reliability(spread) < LEVELS).all()
    assert likelihood_gain(spread).value < -1


def test_the_interval_of_the_ratio_holds() -> None:
    held = 0
    for seed in range(200):
        interval = overconfidence(committee(n_atoms=5, seed=seed)).interval
        assert interval is not None
        held += interval[0] <= 1.0 <= interval[1]
    # 95 %, less three standard deviations of 200 draws.
    assert held >= 181


def test_few_frames_do_not_make_a_root_mean_square() -> None:
    doubt = overconfidence(committee(n_frames=20)).doubt
    assert "needs 30 independent frames" in doubt
    assert overconfidence(committee()).doubt == ""


def test_the_frames_of_one_trajectory_count_as_one() -> None:
    predicted, reference, frame = draws()
    spread = committee_spread(predicted, reference, frame, np.arange(60) // 30)
    found = overconfidence(spread)
    assert found.independent == pytest.approx(2.0, abs=0.1)


def test_the_likelihood_is_that_of_the_distributions() -> None:
    spread = committee(n_frames=5)
    own = t.logpdf(spread.errors, spread.degrees, scale=spread.expected[:, None])
    constant = norm.logpdf(spread.errors, scale=np.sqrt(np.mean(spread.errors**2)))
    assert likelihood_gain(spread).value == pytest.approx(np.mean(own - constant))
    assert likelihood_gain(committee()).value > 0.2
    assert likelihood_gain(committee("unrelated")).value < 0


def test_members_that_agree_on_one_atom_only_have_a_likelihood() -> None:
    predicted, reference, frame = draws()
    predicted[:, 0] = 0.1
    spread = committee_spread(predicted, reference, frame)
    assert np.isfinite(likelihood_gain(spread).value)
    assert coverage(spread, 0.5).value == pytest.approx(0.5, abs=0.05)


def test_without_spread_there_is_no_ratio() -> None:
    predicted, reference, frame = draws()
    spread = committee_spread(np.zeros_like(predicted), reference, frame)
    with pytest.raises(ValueError, match="the members agree everywhere"):
        overconfidence(spread)


def test_bins_rise_for_a_committee_that_warns() -> None:
    expected, found = bins(committee())
    assert len(expected) == 10
    assert (np.diff(expected) > 0).all()
    assert (np.diff(found) > 0).all()
    # The smallest spreads are small by chance too.
    np.testing.assert_allclose(found[3:], expected[3:], rtol=0.2)
    assert len(bins(committee(n_frames=12, n_atoms=1))[0]) == 2
