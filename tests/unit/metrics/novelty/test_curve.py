from __future__ import annotations

import math

import numpy as np
import pytest

from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.metrics.errors import ErrorSummary, summarise_errors
from ms25_suite.metrics.novelty.curve import error_by_distance


def errors(values: np.ndarray) -> ErrorSummary:
    n = len(values)
    cells = np.tile(np.eye(3), (n, 1, 1))
    frames = Frames(
        np.full(n, 29), np.zeros((n, 3)), cells, np.ones((n, 3), bool), np.arange(n + 1)
    )
    labels = Labels(energy=np.zeros(n))
    found = summarise_errors("energy", frames, labels, Predictions(energy=values))
    assert found is not None
    return found


def test_an_error_that_grows_with_the_distance_is_seen() -> None:
    rng = np.random.default_rng(0)
    distances = rng.uniform(0.01, 0.3, 200)
    found = error_by_distance(errors(distances * rng.uniform(0.8, 1.2, 200)), distances)
    assert len(found) == 6
    assert sum(one.n_frames for one in found) == 200
    for one in found:
        assert one.low < one.middle < one.high
        assert one.error.value == pytest.approx(one.middle, rel=0.15)
        assert one.error.interval is not None
        assert one.error.interval[0] < one.middle < one.error.interval[1]


def test_few_frames_are_one_bin_and_new_elements_one_of_their_own() -> None:
    distances = np.array([0.1, 0.2, math.nan, math.inf, 0.3, math.inf])
    near, new = error_by_distance(errors(np.arange(6.0)), distances)
    assert (near.low, near.middle, near.high, near.n_frames) == (0.1, 0.2, 0.3, 3)
    assert near.error.value == pytest.approx((0 + 1 + 4) / 3)
    assert (new.middle, new.n_frames, new.error.value) == (math.inf, 2, 4.0)
    assert error_by_distance(errors(np.arange(6.0)), np.full(6, math.nan)) == ()
