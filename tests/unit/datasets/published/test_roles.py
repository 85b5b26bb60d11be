from __future__ import annotations

from collections.abc import Sequence

import pytest

from ms25_suite.datasets.published.roles import (
    ArchiveSplit,
    SourceFile,
    archive_splits,
)


def source(
    name: str, frames: Sequence[int], roles: Sequence[str | None] | None = None
) -> SourceFile:
    return SourceFile(name, tuple(frames), tuple(roles or [None] * len(frames)))


def only(files: Sequence[SourceFile]) -> ArchiveSplit:
    (split,), remarks = archive_splits(files)
    assert remarks == ()
    return split


def test_no_split() -> None:
    assert archive_splits([source("a.xyz", range(5)), source("b.xyz", range(9))]) == ((), ())


def test_three_roles() -> None:
    split = only(
        [
            source("test.xyz", [7, 8]),
            source("train.xyz", [3, 1, 2]),
            source("valid.xyz", [5]),
        ]
    )
    assert split == ArchiveSplit(None, (3, 1, 2), (5,), (7, 8), (), (3,), ())


def test_nested_sizes_are_told_by_content_alone() -> None:
    """Names that only say train."""
    split = only(
        [
            source("train_big.xyz", [9, 4, 1, 2, 3]),
            source("train_small.xyz", [2, 4]),
            source("test.xyz", [7]),
        ]
    )
    assert split.train == (2, 4, 9, 1, 3)
    assert split.train_sizes == (2, 5)


def test_additive_sizes() -> None:
    frames = list(range(400))
    parts = {"train/50": frames[:50], "train/100": frames[50:100], "train/200": frames[100:200]}
    files = [source(f"{name}.xyz", part) for name, part in parts.items()]
    split = only([*files, source("test.xyz", frames[300:])])
    assert split.train == tuple(frames[:200])
    assert split.train_sizes == (50, 100, 200)
    assert "additive" in split.notes[0]


def test_a_folder_for_each_size_with_its_own_validation() -> None:
    split = only(
        [
            source("50/train.xyz", range(50)),
            source("50/val.xyz", [900, 901]),
            source("100/train.xyz", range(100)),
            source("100/val.xyz", [900, 901, 902]),
            source("test.xyz", [1000]),
        ]
    )
    assert split.train_sizes == (50, 100)
    assert split.validation == (900, 901, 902)


def test_sizes_that_are_no_parts_of_each_other() -> None:
    split = only(
        [
            source("train50.xyz", range(50)),
            source("train100.xyz", range(20, 120)),
            source("test.xyz", [900]),
        ]
    )
    assert split.train == tuple(range(20, 120))
    assert split.train_sizes == ()
    assert "no parts of each other; the largest, 100" in split.notes[0]


def test_numbers_that_are_temperatures() -> None:
    """800 and 1000 K: as many frames as the numbers say would be sizes, others are not."""
    files = [source("md_800K.xyz", range(30)), source("md_1000K.xyz", range(30, 60))]
    assert archive_splits(files) == ((), ())
    named = [source("train_800K.xyz", range(30)), source("train_1000K.xyz", range(30, 60))]
    split = only([*named, source("test.xyz", [99])])
    assert split.train == tuple(range(60))
    assert split.train_sizes == ()


def test_one_file_with_as_many_frames_as_its_name_says_is_no_split() -> None:
    assert archive_splits([source("MgO_100.xyz", range(100)), source("neb.xyz", [500])]) == ((), ())


def test_the_rest_is_for_testing() -> None:
    split = only(
        [source("50.xyz", range(50)), source("100.xyz", range(100)), source("all", range(300))]
    )
    assert split.test == tuple(range(100, 300))
    assert "no file is called test, so the other 200 frames are for testing" in split.notes


def test_frames_without_a_role_beside_a_split_are_left_out() -> None:
    split = only([source("train.xyz", [1]), source("test.xyz", [2]), source("neb.xyz", [1, 3, 4])])
    assert split.notes == ("2 frames of no role in the archive's split were left out",)


def test_leakage_is_taken_out_and_said() -> None:
    split = only(
        [source("train.xyz", [1, 2, 3]), source("val.xyz", [3, 4]), source("test.xyz", [1, 4, 5])]
    )
    assert split == ArchiveSplit(None, (1, 2, 3), (4,), (5,), (), (3,), split.notes)
    assert split.notes[0].startswith("1 of 2 validation frames are training frames as well")
    assert split.notes[1].startswith("2 of 3 test frames are training or validation frames")


def test_sets_share_a_test_file() -> None:
    files = [source("set1.xyz", [1, 2]), source("set2.xyz", [3, 4]), source("test.xyz", [8, 9])]
    splits, remarks = archive_splits(files)
    assert remarks == ()
    assert [(s.number, s.train, s.test) for s in splits] == [
        (1, (1, 2), (8, 9)),
        (2, (3, 4), (8, 9)),
    ]


@pytest.mark.parametrize("names", [("s1", "s2"), ("a", "b"), ("seed 7/data", "seed 8/data")])
def test_folders_that_divide_the_same_frames_are_sets(names: tuple[str, str]) -> None:
    """Of 100 frames each trains on ten others, so that most of them are test frames of the rest."""
    files = []
    for number, name in enumerate(names):
        train = range(10 * number, 10 * number + 10)
        files += [
            source(f"HEA/{name}/train.traj", train),
            source(f"HEA/{name}/train-50.traj", train[:5]),
            source(f"HEA/{name}/test.traj", [i for i in range(100) if i not in train]),
        ]
    splits, remarks = archive_splits(files)
    assert remarks == ()
    assert [(split.number, len(split.train), len(split.test)) for split in splits] == [
        (1, 10, 90),
        (2, 10, 90),
    ]
    assert f"HEA/{names[0]}, HEA/{names[1]}" in splits[0].notes[0]


def test_folders_of_other_frames_are_one_split() -> None:
    """Two temperatures, whose simulations began with one and the same frame."""
    split = only(
        [
            source("300K/train.traj", [1, 2, 3, 4]),
            source("300K/test.traj", [5, 6, 7]),
            source("600K/train.traj", [11, 12, 13, 5]),
            source("600K/test.traj", [14, 15, 16]),
        ]
    )
    assert (split.number, len(split.train), split.test) == (None, 8, (6, 7, 14, 15, 16))


def test_folders_that_are_counted_from_zero_are_sets() -> None:
    files = [
        source(f"fold{k}/{role}.traj", frames)
        for k, parts in enumerate([([1, 2], [3]), ([3, 2], [1])])
        for role, frames in zip(("train", "test"), parts, strict=True)
    ]
    splits, remarks = archive_splits(files)
    assert remarks == ()
    assert [(split.train, split.test) for split in splits] == [((1, 2), (3,)), ((3, 2), (1,))]


def test_a_set_without_training_frames_beside_others_is_none() -> None:
    files = [
        source("set1/train.traj", [1, 2]),
        source("set1/test.traj", [3]),
        source("set2/test.traj", [2, 3]),
    ]
    splits, remarks = archive_splits(files)
    assert [split.number for split in splits] == [1]
    assert remarks == ("set 2: it has no training frames",)


def test_roles_of_the_frames_themselves() -> None:
    roles = ["train", "train", "validation", "test"]
    split = only([source("a.xyz", [1, 2, 3, 4], roles)])
    assert (split.train, split.validation, split.test) == ((1, 2), (3,), (4,))


def test_only_test_frames() -> None:
    """A system that nothing is trained on."""
    split = only([source("test/fau.xyz", [1, 2])])
    assert (split.train, split.test) == ((), (1, 2))


@pytest.mark.parametrize(
    ("files", "remark"),
    [
        ([("train.xyz", [1, 2])], "it has no test frames"),
        (
            [("train.xyz", [1, 2]), ("test.xyz", [2])],
            "all its 1 test frames are training or validation frames as well",
        ),
        (
            [("test.xyz", [1]), ("all.xyz", [1, 2, 3])],
            "it has test frames but no training frames, and frames of no role",
        ),
    ],
)
def test_what_cannot_be_used_is_said(files: list[tuple[str, list[int]]], remark: str) -> None:
    assert archive_splits([source(*file) for file in files]) == ((), (remark,))


def test_the_published_roles_where_train_and_val_make_up_the_1000() -> None:
    """920 + 80 = 1000: what is for validation is not trained on, and not lost to training."""
    frames = list(range(9920))
    split = only(
        [
            source("set1/train-1000.traj", frames[:1000]),
            source("set1/train.traj", frames[:920]),
            source("set1/val.traj", frames[920:1000]),
            source("set1/test.traj", frames[1000:]),
        ]
    )
    assert split.train == tuple(frames[:920])
    assert split.validation == tuple(frames[920:1000])
    assert split.test == tuple(frames[1000:])
    assert (split.train_sizes, split.blocks) == ((), (920,))
    (note,) = split.notes
    assert note.startswith("train-1000.traj (1000) holds the 80 validation frames too: these are")
    assert note.endswith("and the other 920 for training")


def test_the_published_roles_where_the_validation_frames_are_others() -> None:
    """1000 + 80 + 8920 = 10,000: train.traj is a part of train-1000.traj."""
    frames = list(range(10_000))
    split = only(
        [
            source("set1/train-1000.traj", frames[:1000]),
            source("set1/train.traj", frames[:920]),
            source("set1/val.traj", frames[1000:1080]),
            source("set1/test.traj", frames[1080:]),
        ]
    )
    assert split.train == tuple(frames[:1000])
    assert [len(split.validation), len(split.test)] == [80, 8920]
    assert (split.train_sizes, split.blocks, split.notes) == ((), (1000,), ())


def test_a_training_file_without_number_that_goes_on() -> None:
    """Other frames than those of train-1000: they come last, so that n=1000 is the archive's."""
    split = only(
        [
            source("train-1000.traj", range(1000)),
            source("train.traj", range(1000, 1920)),
            source("test.traj", [5000]),
        ]
    )
    assert split.train == tuple(range(1920))
    assert (split.train_sizes, split.blocks) == ((), (1000, 1920))
    assert "920 more training frames of train.traj come after these 1000" in split.notes[0]


def test_nested_training_files_that_hold_the_validation_frames() -> None:
    """Sizes are those without the frames that are for validation."""
    frames = list(range(1000))
    sizes = (50, 100, 200, 400, 600, 800)
    split = only(
        [
            *(source(f"train-{size}.traj", frames[:size]) for size in (*sizes, 1000)),
            source("train.traj", frames[:920]),
            source("val.traj", frames[920:]),
            source("test.traj", [5000]),
        ]
    )
    assert split.train_sizes == (*sizes, 920)
    assert split.train == tuple(frames[:920])
    assert split.validation == tuple(frames[920:])


def test_training_frames_of_one_set_are_test_frames_of_another() -> None:
    files = []
    for number in (1, 2, 3):
        order = [*range(number, 10), *range(number)]
        files += [
            source(f"CHA/set{number}/train.traj", order[:4]),
            source(f"CHA/set{number}/test.traj", order[4:]),
        ]
    splits, remarks = archive_splits(files)
    assert remarks == ()
    assert [len(split.test) for split in splits] == [6, 6, 6]
    assert set(splits[0].train) & set(splits[1].test)
    assert all(split.notes == () for split in splits)
