from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.metrics.comparing.paired import pair_errors, paired_difference
from ms25_suite.metrics.errors import summarise_errors
from tests.helpers.three_metals import three_metals

RNG = np.random.default_rng(0)
HARD = RNG.gamma(1.0, 10.0, 60)
COUNTS = np.full(60, 12)


def test_what_makes_a_frame_difficult_cancels() -> None:
    ours = HARD + RNG.normal(1.0, 0.3, 60)
    found = paired_difference(ours, HARD, COUNTS)
    assert found.value == pytest.approx((ours - HARD).mean())
    assert found.interval is not None
    low, high = found.interval
    assert 0.8 < low < found.value < high < 1.2
    # The errors themselves are known to some 10 times as much.
    assert HARD.std() / np.sqrt(60) > 10 * (high - low) / 4


def test_the_difference_of_roots_is_that_of_the_root_mean_squares() -> None:
    ours = 1.1 * HARD
    found = paired_difference(ours, HARD, COUNTS, squared=True)
    roots = [np.sqrt(np.mean(one**2)) for one in (ours, HARD)]
    assert found.value == pytest.approx(roots[0] - roots[1])
    same = paired_difference(np.zeros(60), np.zeros(60), COUNTS, squared=True)
    assert (same.value, same.interval) == (0.0, (0.0, 0.0))


def test_frames_of_one_trajectory_count_once() -> None:
    ours = HARD + np.repeat(RNG.normal(1.0, 0.3, 10), 6)
    single = paired_difference(ours, HARD, COUNTS)
    grouped = paired_difference(ours, HARD, COUNTS, np.repeat(np.arange(10), 6))
    assert (single.independent, grouped.independent) == (60.0, 10.0)
    assert single.interval is not None
    assert grouped.interval is not None
    assert grouped.interval[1] - grouped.interval[0] > single.interval[1] - single.interval[0]


def test_only_frames_that_both_predict_are_paired() -> None:
    frames: Frames = three_metals()
    labels = Labels(np.zeros(3), np.zeros((12, 3)), np.zeros((3, 6)))

    def errors(*stresses: float) -> object:
        stress = np.repeat(np.array(stresses)[:, None], 6, axis=1)
        predicted = Predictions(np.zeros(3), np.zeros((12, 3)), stress)
        return summarise_errors("stress", frames, labels, predicted)

    pair = pair_errors(errors(3.0, np.nan, 5.0), errors(1.0, 1.0, 2.0))  # type: ignore[arg-type]
    assert pair is not None
    assert list(pair.frames) == [0, 2]
    assert pair.difference.value == pytest.approx(2.5)
    assert pair.worst == pytest.approx(3.0)
    assert pair_errors(errors(3.0, np.nan, np.nan), errors(np.nan, 1.0, 2.0)) is None  # type: ignore[arg-type]
