from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets.cards.splits import SplitsConfig
from ms25_suite.datasets.dividing import make_splits
from ms25_suite.datasets.splits import NO_ROLE, UNKNOWN_ROLE, Splits


def split(config: SplitsConfig, n_frames: int) -> Splits:
    return make_splits(config, np.full(n_frames, NO_ROLE), "x.toml")


PAPER = SplitsConfig(
    train=1000,
    validation=80,
    test=8920,
    train_sizes=(50, 100, 200, 400, 600, 800, 1000),
    sets=3,
    seed=1,
)


def test_the_papers_split_uses_every_frame_once_in_each_set() -> None:
    splits = split(PAPER, 10_000)
    assert splits.n_sets == 3
    assert splits.train_sizes == (50, 100, 200, 400, 600, 800, 1000)
    for number in (1, 2, 3):
        parts = splits.train(set=number), splits.validation(number), splits.test(number)
        assert [len(part) for part in parts] == [1000, 80, 8920]
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(10_000))


def test_training_sizes_are_nested_and_sets_independent() -> None:
    splits = split(PAPER, 10_000)
    for number in (1, 2, 3):
        previous: set[int] = set()
        for size in splits.train_sizes:
            frames = set(splits.train(size, number).tolist())
            assert len(frames) == size
            assert previous <= frames
            previous = frames
    # Two random thousands of ten thousand share a hundred, give or take 9.
    common = np.intersect1d(splits.train(set=1), splits.train(set=2))
    assert 50 < len(common) < 150


def test_a_split_never_changes() -> None:
    """Frozen: whoever compares results over years needs the same frames."""
    splits = split(SplitsConfig(train=4, validation=2, seed=7, sets=2), 12)
    assert splits.train().tolist() == [11, 1, 3, 2]
    assert splits.train(set=2).tolist() == [10, 8, 6, 11]


def test_the_seed_matters_and_the_order_is_even() -> None:
    first = split(SplitsConfig(train=500, seed=0), 1000).train()
    second = split(SplitsConfig(train=500, seed=1), 1000).train()
    assert first.tolist() != second.tolist()
    # Mean of 500 of 0..999 without replacement: 499.5 with a standard error of 9.1.
    assert abs(first.mean() - 499.5) < 5 * 9.1


def test_what_is_left_is_for_testing() -> None:
    splits = split(SplitsConfig(train=5, validation=2), 20)
    assert len(splits.test()) == 13
    assert splits.train_sizes == (5,)
    assert split(SplitsConfig(train=120), 200).train_sizes == (50, 100, 120)


@pytest.mark.parametrize(
    "config",
    [
        SplitsConfig(train=10),
        SplitsConfig(train=8, validation=2),
        SplitsConfig(train=5, validation=2, test=4),
        SplitsConfig(train=11),
    ],
)
def test_more_frames_than_there_are(config: SplitsConfig) -> None:
    with pytest.raises(CardError, match="but there are 10 frames"):
        split(config, 10)


def test_without_a_split_every_frame_is_a_test_frame() -> None:
    splits = split(SplitsConfig(), 30)
    assert splits.test().tolist() == list(range(30))
    assert splits.train_sizes == ()
    assert "every frame is a test frame" in splits.origin
    with pytest.raises(DatasetError, match=r"no training frames(.|\n)*\[splits\]\n    train = 3 "):
        splits.train()
    with pytest.raises(DatasetError, match="no validation frames"):
        splits.validation()


def test_frames_that_say_their_role() -> None:
    roles = np.array([2, 0, 0, 1, 0, 2])
    splits = make_splits(SplitsConfig(sets=2), roles, "x")
    assert sorted(splits.train().tolist()) == [1, 2, 4]
    assert splits.validation(2).tolist() == [3]
    assert splits.test().tolist() == [0, 5]
    assert splits.n_sets == 2
    assert "info key" in splits.origin


@pytest.mark.parametrize(
    ("roles", "match"),
    [
        ([0, NO_ROLE, 2, NO_ROLE], "2 of 4 frames have an info key `split`, frames 1, 3 have none"),
        ([0, 2, UNKNOWN_ROLE], "`split` of frame 2 must be one of train, training, valid"),
        ([0, 0, 0], "all 3 frames are training frames"),
    ],
)
def test_roles_that_are_unclear(roles: list[int], match: str) -> None:
    with pytest.raises(DatasetError, match=match):
        make_splits(SplitsConfig(), np.array(roles), "x")


def test_numbers_in_the_card_come_before_what_the_frames_say() -> None:
    splits = make_splits(SplitsConfig(train=2), np.array([2, 2, 2, UNKNOWN_ROLE]), "x")
    assert len(splits.train()) == 2


def test_training_sizes_beyond_the_frames_that_say_train() -> None:
    with pytest.raises(CardError, match="needs 5 frames, there are 1 to train on"):
        make_splits(SplitsConfig(train_sizes=(5,)), np.array([0, 2]), "x")


def test_sizes_and_sets_that_are_not_there() -> None:
    splits = split(SplitsConfig(train=5), 20)
    for size in (0, -1, 6):
        with pytest.raises(DatasetError, match="between 1 and 5"):
            splits.train(size)
    for number in (0, 2):
        with pytest.raises(DatasetError, match=f"there is no set {number}"):
            splits.test(number)


def test_validation_frames_are_judged_by_where_there_are_no_test_frames() -> None:
    for roles in ([1, 1, 1], [0, 1, 1]):
        splits = make_splits(SplitsConfig(), np.array(roles), "x.extxyz")
        assert splits.validation_as_test
        assert splits.test().tolist() == np.flatnonzero(np.array(roles) == 1).tolist()
        with pytest.raises(DatasetError, match="no validation frames"):
            splits.validation()
        assert "no test frames, so the validation frames are" in splits.origin


def test_only_frames_with_energy_and_forces_are_trained_on() -> None:
    complete = np.arange(20) % 4 != 0
    roles = np.array([0] * 8 + [1] * 4 + [2] * 8)
    splits = make_splits(SplitsConfig(), roles, "x.extxyz", complete)
    assert complete[splits.train()].all()
    assert complete[splits.validation()].all()
    assert splits.test().tolist() == list(range(12, 20))
    assert splits.origin.endswith("; 3 frames without energy or forces are not trained on")


def test_random_splits_train_only_on_frames_with_energy_and_forces() -> None:
    complete = np.arange(20) % 4 != 0
    nothing = np.full(20, NO_ROLE)
    config = SplitsConfig(train=8, validation=4, sets=2)
    splits = make_splits(config, nothing, "x.toml", complete)
    for number in (1, 2):
        parts = splits.train(set=number), splits.validation(number), splits.test(number)
        assert complete[parts[0]].all()
        assert complete[parts[1]].all()
        assert np.sort(np.concatenate(parts)).tolist() == list(range(20))
    with pytest.raises(CardError, match="15 of 20 frames have both energy and forces"):
        make_splits(SplitsConfig(train=16), nothing, "x.toml", complete)
    # Nothing can be trained, so that nothing is left out.
    assert len(make_splits(config, nothing, "x.toml", np.zeros(20, dtype=bool)).train()) == 8
