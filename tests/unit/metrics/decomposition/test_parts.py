from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.metrics.decomposition.parts import (
    angles,
    force_scale,
    mean_of_parts,
    quantile_of_frames,
    size_parts,
)


def test_frames_of_a_trajectory_count_once() -> None:
    rng = np.random.default_rng(0)
    errors, frame = np.abs(rng.normal(size=40)), np.arange(40)
    every = {"all": np.full(40, True)}
    groups = np.repeat(np.arange(10), 4)
    # Four times the same frame says no more than one.
    (part,) = mean_of_parts(np.repeat(errors[:10], 4), errors, frame, every, groups=groups)
    (once,) = mean_of_parts(errors[:10], errors[:10], frame[:10], {"all": np.full(10, True)})
    assert part.error.independent == once.error.independent == 10
    assert part.error.interval == pytest.approx(once.error.interval)
    assert part.n_frames == 40


def test_intervals_of_parts_hold_together() -> None:
    """The chance that any of 20 intervals misses is about 5 %, and not 64 %."""
    rng = np.random.default_rng(0)
    frame = np.repeat(np.arange(40), 20)
    parts = {str(k): np.tile(np.arange(20) == k, 40) for k in range(20)}
    missed = 0
    for _ in range(100):
        errors = np.abs(rng.normal(size=800))
        found = mean_of_parts(errors, np.ones(800), frame, parts)
        true = np.sqrt(2 / np.pi)
        ends = [part.error.interval for part in found]
        missed += any(end is None or not end[0] <= true <= end[1] for end in ends)
    assert missed <= 15


def test_weights_are_numbers_of_equal_values() -> None:
    errors, frame = np.array([1.0, 3.0]), np.array([0, 1])
    every = {"all": np.array([True, True])}
    weighted = mean_of_parts(errors, errors, frame, every, np.array([3.0, 1.0]))
    repeated = mean_of_parts(
        np.array([1.0, 1.0, 1.0, 3.0]),
        np.array([1.0, 1.0, 1.0, 3.0]),
        np.array([0, 0, 0, 1]),
        {"all": np.full(4, True)},
    )
    assert weighted == repeated
    assert (weighted[0].error.value, weighted[0].without_model) == (1.5, 1.5)
    assert mean_of_parts(errors, errors, frame, {"none": np.array([False, False])}) == ()


def test_a_scale_is_found_below_noise_that_hides_it() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(3000, 3))
    frame = np.repeat(np.arange(30), 100)
    first = np.tile(np.arange(100) < 50, 30)
    predicted = reference + rng.normal(scale=0.1, size=reference.shape)
    predicted[first] += 0.05 * reference[first]
    scaled, right = force_scale(reference, predicted, frame, {"a": first, "b": ~first})
    assert scaled.error.value == pytest.approx(0.05, abs=0.005)
    assert scaled.error.interval is not None
    assert scaled.error.interval[0] > 0.04
    assert right.error.interval is not None
    assert right.error.interval[0] < 0 < right.error.interval[1]
    assert force_scale(np.zeros((6, 3)), predicted[:6], frame[:6], {"a": first[:6]}) == ()


def test_sizes_that_are_equal_stay_together() -> None:
    assert [own.sum() for own in size_parts(np.ones(50)).values()] == [50]
    parts = size_parts(np.arange(1000.0))
    assert [int(own.sum()) for own in parts.values()] == [500, 400, 90, 10]
    assert sum(own.astype(int) for own in parts.values()).tolist() == [1] * 1000


def test_an_angle_is_that_between_both_vectors() -> None:
    x, y = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    found = angles(np.array([x, x, x, x]), np.array([x, y, [-2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert found.tolist() == pytest.approx([0.0, 90.0, 180.0, 90.0])


def test_the_interval_of_a_quantile_covers_it() -> None:
    rng = np.random.default_rng(0)
    true, covered = -np.log(0.05), 0
    for _ in range(300):
        found = quantile_of_frames(rng.exponential(size=160), 0.95)
        assert found.interval is not None
        covered += found.interval[0] <= true <= found.interval[1]
    assert covered >= 0.93 * 300
    assert quantile_of_frames(np.arange(71.0), 0.95).interval is None
    # As many frames, but few trajectories: their largest errors are not independent either.
    assert quantile_of_frames(np.arange(160.0), 0.95, np.arange(160) // 4).interval is None
    every, two = np.arange(400.0), np.arange(400) // 2
    narrow, wide = quantile_of_frames(every, 0.95), quantile_of_frames(every, 0.95, two)
    assert narrow.interval is not None
    assert wide.interval is not None
    assert wide.interval[0] < narrow.interval[0] < narrow.interval[1] < wide.interval[1]
    assert (narrow.independent, wide.independent) == (400, 200)
