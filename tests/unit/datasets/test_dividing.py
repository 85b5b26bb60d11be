from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import CardError
from ms25_suite.core.frames import IntArray
from ms25_suite.datasets.cards.splits import SplitsConfig
from ms25_suite.datasets.dividing import make_splits
from ms25_suite.datasets.splits import NO_ROLE, Splits

WHOLE = SplitsConfig(train=40, validation=9, sets=3, seed=1, split="trajectory")


def divided(config: SplitsConfig, trajectories: IntArray | None) -> Splits:
    n = 120 if trajectories is None else len(trajectories)
    return make_splits(config, np.full(n, NO_ROLE), "x.toml", None, trajectories)


@pytest.mark.parametrize(
    "trajectories",
    [
        np.arange(120) // 3,
        np.arange(120) % 40,
        np.repeat(np.arange(15), np.arange(1, 16)),
        np.where(np.arange(120) % 2 == 0, np.arange(120) // 6, -1),
    ],
    ids=["of three", "in turns", "of 1 to 15 frames", "half of them not known"],
)
def test_no_trajectory_is_in_two_parts(trajectories: IntArray) -> None:
    splits = divided(WHOLE, trajectories)
    sets = []
    for number in (1, 2, 3):
        train, validation, test = (
            splits.train(set=number),
            splits.validation(set=number),
            splits.test(set=number),
        )
        assert (len(train), len(validation)) == (40, 9)
        assert len(np.unique(np.concatenate([train, validation, test]))) == 49 + len(test)
        # Of the trajectories that are cut, at most all other frames are left out.
        assert len(test) > 120 - 49 - 2 * np.bincount(trajectories[trajectories >= 0]).max()
        names = [set(trajectories[part].tolist()) - {-1} for part in (train, validation, test)]
        assert not names[0] & names[1]
        assert not (names[0] | names[1]) & names[2]
        sets.append(tuple(sorted(train.tolist())))
    assert len(set(sets)) == 3


def test_small_training_sizes_have_frames_of_many_trajectories() -> None:
    trajectories = np.arange(120) // 10
    train = divided(WHOLE, trajectories).train()
    assert len(np.unique(trajectories[train])) == 4
    assert len(np.unique(trajectories[train[:12]])) >= 3


def test_the_same_seed_gives_the_same_parts() -> None:
    trajectories = np.arange(120) // 3
    one, other = divided(WHOLE, trajectories), divided(WHOLE, trajectories)
    assert one.test(set=2).tolist() == other.test(set=2).tolist()
    assert one.origin == other.origin
    assert "3 random sets of whole trajectories, seed 1; up to" in one.origin


@pytest.mark.parametrize("trajectories", [None, np.full(120, -1)])
def test_frames_without_a_trajectory_cannot_be_divided_by_it(
    trajectories: IntArray | None,
) -> None:
    with pytest.raises(CardError, match="no frame says which trajectory it is of"):
        divided(WHOLE, trajectories)


def test_few_trajectories_are_too_few() -> None:
    with pytest.raises(CardError, match="the 2 trajectories of 120 frames give 40, 9 and 0"):
        divided(WHOLE, np.arange(120) // 60)


@pytest.mark.parametrize("split", ["frame", "trajectory"])
def test_the_number_of_test_frames_is_kept(split: str) -> None:
    config = SplitsConfig(train=40, validation=9, test=20, split=split)
    assert len(divided(config, np.arange(120) // 3).test()) == 20
