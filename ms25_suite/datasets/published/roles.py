"""The splits of an archive: which frames are for training, validation and test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from ms25_suite.datasets.cards.splits import ROLES
from ms25_suite.datasets.name_hints import NameHints, name_hints
from ms25_suite.datasets.published.sets import set_numbers
from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES

__all__ = ["ArchiveSplit", "SourceFile", "archive_splits", "unusable"]

_MOST_FILES: Final = 12
"""Training files that are looked at one by one; more of them are a folder of single frames."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Frames of one system in one file.

    Parameters
    ----------
    name
        Path inside the archive.
    frames
        Identity of each frame: equal for equal structures.
    roles
        Role that each frame itself states; None where it states none.
    """

    name: str
    frames: tuple[int, ...]
    roles: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ArchiveSplit:
    """Division of the frames of one system, in one set.

    Parameters
    ----------
    number
        Number of the set; None if the archive has no sets.
    train, validation, test
        Identities of frames. Training frames come in the order in which sizes take them.
    train_sizes
        Nested training sizes of the archive; empty if it has none.
    blocks
        Numbers of training frames up to which the order is the archive's: within a block it has
        none.
    notes
        Remarks for the user.
    """

    number: int | None
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    train_sizes: tuple[int, ...]
    blocks: tuple[int, ...]
    notes: tuple[str, ...]


def archive_splits(files: Sequence[SourceFile]) -> tuple[tuple[ArchiveSplit, ...], tuple[str, ...]]:
    """The split of the frames of one system that the archive has.

    Returns
    -------
    :
        One division for each set, empty if the archive has none that can be used; and remarks
        why one was not used.
    """
    hints = {file.name: name_hints(file.name) for file in files}
    sets, notes = set_numbers({file.name: file.frames for file in files})
    stated = sorted({number for number in sets.values() if number is not None})
    numbers: list[int | None] = [*stated] or [None]
    splits, remarks = [], []
    for number in numbers:
        # Files without a number, such as one common test file, belong to every set.
        chosen = [file for file in files if sets[file.name] in (number, None)]
        found = _one_set(number, chosen, hints)
        if isinstance(found, str):
            if found:
                remarks.append(found if number is None else f"set {number}: {found}")
        else:
            splits.append(replace(found, notes=(*notes, *found.notes)))
    trained = [split for split in splits if split.train]
    if 0 < len(trained) < len(splits):
        # A potential cannot be trained on such a set, as it can on the others.
        remarks += [
            f"set {split.number}: it has no training frames" for split in splits if not split.train
        ]
        splits = trained
    return tuple(splits), tuple(remarks)


def unusable(
    splits: Sequence[ArchiveSplit], remarks: Sequence[str], lost: Mapping[str, str]
) -> str:
    """Why the frames of a system must not be divided anew; empty where nothing speaks against it.

    Parameters
    ----------
    splits, remarks
        What `archive_splits` returned.
    lost
        Files of the archive's split that could not be read, with the reason.
    """
    # Potentials may have been trained by that split: any other would test them on training frames.
    if lost:
        shown = "; ".join(f"{name}: {reason}" for name, reason in lost.items())
        return (
            f"a part of the archive's split is missing ({shown}), and another split would test "
            f"potentials on frames that they were trained on. Get these files anew, or leave the "
            f"whole set out with --exclude"
        )
    if remarks and not splits:
        return (
            f"the archive's split cannot be used: {'; '.join(remarks)}. Another split would test "
            f"potentials on frames that they were trained on. Supply the missing part; if nothing "
            f"was trained on these frames, rename the files without train, val and test"
        )
    return ""


def _one_set(
    number: int | None, files: Sequence[SourceFile], hints: Mapping[str, NameHints]
) -> ArchiveSplit | str:
    """Division of one set, or why there is none (empty if nothing hints at one)."""
    by_role: dict[str, list[int]] = {role: [] for role in ROLES}
    silent: list[int] = []
    training: list[SourceFile] = []
    quiet: list[SourceFile] = []
    for file in files:
        role = hints[file.name].role
        for frame, own in zip(file.frames, file.roles, strict=True):
            (silent if (role or own) is None else by_role[role or own or ""]).append(frame)
        if role == "train":
            training.append(file)
        elif role is None and all(own is None for own in file.roles):
            quiet.append(file)
    notes: list[str] = []
    if not by_role["train"]:
        # Files that are called 50, 100, … and hold as many frames; or a file for each set.
        named = [file for file in quiet if hints[file.name].size is not None]
        groups = _by_size(named, hints)
        if len(groups) < 2 or _chain(groups) is None:
            named = [file for file in quiet if hints[file.name].set_number is not None]
            named = named if by_role["test"] else []
        training = named
        taken = {file.name for file in training}
        by_role["train"] = [frame for file in training for frame in file.frames]
        silent = [frame for file in quiet if file.name not in taken for frame in file.frames]
    if not any(by_role.values()):
        return ""
    validation, test = _unique(by_role["validation"]), _unique(by_role["test"])
    held_back = _completing(training, validation, by_role["train"], notes)
    stated = [frame for frame in by_role["train"] if frame not in held_back]
    train = _training_order(training, stated, held_back, hints, notes)
    used = set(train.frames) | set(validation) | set(test)
    rest = _unique(frame for frame in silent if frame not in used)
    if not train.frames and rest:
        return "it has test frames but no training frames, and frames of no role"
    if not test and rest:
        test = rest
        notes.append(f"no file is called test, so the other {len(rest)} frames are for testing")
    elif rest:
        notes.append(f"{len(rest)} frames of no role in the archive's split were left out")
    # Training comes first: a frame that was trained on must not be tested on.
    kept_validation = _without(validation, train.frames)
    kept_test = _without(_without(test, train.frames), kept_validation)
    for role, before, after in (
        ("validation", validation, kept_validation),
        ("test", test, kept_test),
    ):
        if len(after) < len(before):
            notes.append(
                f"{len(before) - len(after)} of {len(before)} {role} frames are training "
                f"{'frames' if role == 'validation' else 'or validation frames'} as well; they "
                f"were taken out of {role}"
            )
    if test and not kept_test:
        return f"all its {len(test)} test frames are training or validation frames as well"
    if not kept_test:
        return "it has no test frames"
    return ArchiveSplit(
        number, train.frames, kept_validation, kept_test, train.sizes, train.blocks, tuple(notes)
    )


def _completing(
    files: Sequence[SourceFile],
    validation: Sequence[int],
    train: Sequence[int],
    notes: list[str],
) -> set[int]:
    """Validation frames that the training files hold too, where these are both parts together.

    A file of the 1000 frames of a training size may stand beside the two that it was divided into,
    920 to train on and 80 to validate with. The 80 are then for validation, and not lost to it.
    """
    held = set(validation)
    # Part of them would be a mistake of the archive, and most of the frames no validation.
    if not held or not held <= set(train) or 2 * len(held) > len(set(train)):
        return set()
    names = [
        f"{PurePosixPath(file.name).name} ({len(set(file.frames))})"
        for file in files
        if held & set(file.frames)
    ]
    rest = len(set(train)) - len(held)
    notes.append(
        f"{' and '.join(names) or 'training'} hold{'s' if len(names) < 2 else ''} the {len(held)} "
        f"validation frames too: these are for validation, and the other {rest} for training"
    )
    return held


@dataclass(frozen=True, slots=True)
class _Group:
    """Training frames of one size.

    Parameters
    ----------
    size
        The size by the names of its files; None if they have none.
    n_stated
        Number of frames of its files.
    frames
        These without the ones that are for validation.
    """

    size: int | None
    n_stated: int
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    """Training frames in order: those of each block come after those of the blocks before it."""

    frames: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()


def _training_order(
    files: Sequence[SourceFile],
    frames: Sequence[int],
    held_back: Collection[int],
    hints: Mapping[str, NameHints],
    notes: list[str],
) -> _Order:
    """Training frames in the order of the archive's nested sizes, and these sizes."""
    everything = _unique(frames)
    labelled = [file for file in files if hints[file.name].size is not None]
    others = [file for file in files if hints[file.name].size is None]
    groups = _by_size(labelled, hints, held_back)
    chain = _chain(groups) if len(groups) <= _MOST_FILES else None
    if groups and chain is None and not others and all(g.size == g.n_stated for g in groups):
        largest = max(groups, key=lambda group: len(group.frames))
        notes.append(
            f"the archive's training sizes are no parts of each other; the largest, "
            f"{largest.size}, was taken"
        )
        return _Order(largest.frames, blocks=(len(largest.frames),))
    if chain is None:
        # Without numbers that the content bears out, compare the content.
        groups = [_group(None, file.frames, held_back) for file in files]
        others = []
        chain = _chain(groups) if 1 < len(groups) <= _MOST_FILES else None
    if chain is None:
        numbers = sorted({size for file in labelled if (size := hints[file.name].size)})
        if len(files) > 1 and numbers:
            notes.append(
                f"the archive's training files, {', '.join(map(str, numbers))} and others, are no "
                f"parts of each other: all {len(everything)} frames of them are for training"
            )
        return _Order(everything, blocks=(len(everything),))
    order, sizes, kind = chain
    if len(sizes) > 1:
        notes.append(f"training sizes {', '.join(map(str, sizes))} of the archive, {kind}")
    # A file without number holds frames of the numbered ones again, or goes on where they end.
    more = _without(everything, order)
    if more:
        names = ", ".join(PurePosixPath(file.name).name for file in others)
        notes.append(f"{len(more)} more training frames of {names} come after these {len(order)}")
    blocks = (*sizes, len(order) + len(more)) if more else sizes
    return _Order((*order, *more), blocks if len(sizes) > 1 else (), blocks)


def _by_size(
    files: Sequence[SourceFile],
    hints: Mapping[str, NameHints],
    held_back: Collection[int] = frozenset(),
) -> list[_Group]:
    groups: dict[int | None, list[int]] = {}
    for file in files:
        groups.setdefault(hints[file.name].size, []).extend(file.frames)
    return [_group(size, frames, held_back) for size, frames in groups.items()]


def _group(size: int | None, frames: Iterable[int], held_back: Collection[int]) -> _Group:
    unique = _unique(frames)
    return _Group(size, len(unique), tuple(frame for frame in unique if frame not in held_back))


def _chain(groups: Sequence[_Group]) -> tuple[tuple[int, ...], tuple[int, ...], str] | None:
    """Order and sizes of nested or additive files; None if they are neither.

    Nested: the 100 frames contain the 50. Additive: there is a file of 50 and one with the 50
    that make 100 of them.
    """
    if not groups:
        return None
    ordered = sorted(groups, key=lambda group: (group.size or 0, len(group.frames), group.frames))
    known: set[int] = set()
    order: list[int] = []
    nested = additive = True
    nested_sizes, additive_sizes = [], []
    n_stated = 0
    for group in ordered:
        # Ascending sizes: nested if each group contains all before it, additive if it contains
        # none.
        n_stated += group.n_stated
        nested &= known <= set(group.frames) and group.size in (None, group.n_stated)
        additive &= known.isdisjoint(group.frames)
        order += [frame for frame in group.frames if frame not in known]
        known.update(group.frames)
        nested_sizes.append(len(group.frames))
        additive_sizes.append(len(order))
        additive &= group.size == n_stated or (group.size is None and n_stated in PAPER_TRAIN_SIZES)
    if nested and len(set(nested_sizes)) == len(nested_sizes):
        return tuple(order), tuple(nested_sizes), "nested"
    if additive:
        return tuple(order), tuple(additive_sizes), "additive"
    return None


def _unique(frames: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(frames))


def _without(frames: Sequence[int], others: Sequence[int]) -> tuple[int, ...]:
    known = set(others)
    return tuple(frame for frame in frames if frame not in known)
