from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.committee.spread import Spread, committee_spread
from ms25_suite.metrics.committee.warning import (
    errors_differ,
    foretold_rate,
    rank_correlation,
    warning_rate,
    worst_items,
)
from tests.helpers.committees import Kind, committee, draws


def brute_force(spread: Spread) -> float:
    worst, expected = worst_items(spread), spread.expected
    above = expected[worst][:, None] > expected[~worst]
    equal = expected[worst][:, None] == expected[~worst]
    return float(np.mean(above + 0.5 * equal))


@pytest.mark.parametrize("kind", ["calibrated", "unrelated"])
def test_the_rate_is_that_of_all_pairs(kind: Kind) -> None:
    spread = committee(kind, n_frames=15)
    assert warning_rate(spread).value == pytest.approx(brute_force(spread))
    # Ties count one half.
    members = np.arange(3.0).reshape(3, 1, 1) * np.ones((1, 40, 1))
    same = committee_spread(members, np.eye(40)[:, :1], range(40))
    assert warning_rate(same).value == pytest.approx(brute_force(same)) == 0.5


def test_a_calibrated_committee_warns_as_its_members_foretell() -> None:
    spread = committee()
    found = warning_rate(spread)
    assert found.interval is not None
    assert found.interval[0] > 0.85
    foretold = foretold_rate(spread)
    assert foretold.value == pytest.approx(found.value, abs=0.05)
    assert foretold.interval is not None
    assert 0.8 < foretold.interval[0] < foretold.value < foretold.interval[1]
    assert errors_differ(spread)
    assert rank_correlation(spread).value > 0.6


def test_over_confidence_does_not_spoil_the_warning() -> None:
    assert warning_rate(committee("over-confident")).value > 0.85


@pytest.mark.parametrize("kind", ["unrelated", "blind"])
def test_a_spread_that_has_nothing_to_do_with_the_error_does_not_warn(kind: Kind) -> None:
    spread = committee(kind, n_members=8)
    found = warning_rate(spread)
    assert found.interval is not None
    # The noise of the members themselves is in the error of their mean, and they know it.
    assert found.interval[1] < 0.65
    assert errors_differ(spread)
    foretold = foretold_rate(spread).value
    assert foretold > 0.85 if kind == "unrelated" else foretold == pytest.approx(0.5, abs=0.05)


def test_errors_of_one_size_do_not_differ() -> None:
    spread = committee(vary=0.0, n_frames=200)
    assert not errors_differ(spread)
    assert foretold_rate(spread).value == pytest.approx(0.5, abs=0.05)


def test_the_interval_of_the_rate_holds_where_frames_differ() -> None:
    """Some frames are harder than others: all their atoms count as less than that many."""
    rng = np.random.default_rng(0)
    rates, held = [], []
    for _ in range(200):
        n_frames, n_atoms = 40, 10
        widths = np.exp(0.6 * rng.normal(size=(n_frames, 1)) + 0.3 * rng.normal(size=(1, n_atoms)))
        widths = widths.reshape(1, -1, 1)
        predicted = widths * rng.normal(size=(4, n_frames * n_atoms, 3))
        reference = (widths * rng.normal(size=(*widths.shape[:2], 3)))[0]
        found = warning_rate(
            committee_spread(predicted, reference, np.repeat(np.arange(n_frames), n_atoms))
        )
        rates.append(found.value)
        held.append(found.interval)
    true = np.mean(rates)
    assert np.mean([low > true for low, _ in held]) <= 0.03
    assert np.mean([high < true for _, high in held]) <= 0.07


def test_a_perfect_ranking_has_an_interval_too() -> None:
    errors = np.linspace(0.1, 5.0, 60).reshape(-1, 1)
    members = np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1) * errors
    found = warning_rate(committee_spread(members + errors, np.zeros_like(errors), range(60)))
    assert found.value == 1.0
    assert found.interval == (pytest.approx(1 - 0.5 / 6), 1.0)


def test_of_few_items_five_are_the_worst() -> None:
    assert worst_items(committee(n_frames=12, n_atoms=1)).sum() == 5
    assert worst_items(committee(n_frames=200, n_atoms=1)).sum() == 20
    assert worst_items(committee(n_frames=3, n_atoms=1)).sum() == 1


def test_trajectories_make_the_interval_wider() -> None:
    predicted, reference, _ = draws("blind")
    # Ten frames of each trajectory are copies.
    copies = [np.tile(values[:120], (10, 1)) for values in (*predicted, reference)]
    data = (copies[:-1], copies[-1], np.repeat(np.arange(60), 20))
    alone = warning_rate(committee_spread(*data))
    grouped = warning_rate(committee_spread(*data, np.arange(60) % 6))
    assert alone.interval is not None
    assert grouped.interval is not None
    assert grouped.independent == pytest.approx(6.0)
    assert np.ptp(grouped.interval) > np.ptp(alone.interval)
