"""The splits of an archive: which frames are for training, validation and test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES, ROLE_CODES

__all__ = ["ArchiveSplit", "NameHints", "SourceFile", "archive_splits", "name_hints"]

_ROLES: Final = ("train", "validation", "test")
_SET_WORDS: Final = ("set", "split", "fold")
_MOST_SETS: Final = 9
_MOST_FILES: Final = 12
"""Training files that are looked at one by one; more of them are a folder of single frames."""


@dataclass(frozen=True, slots=True)
class NameHints:
    """Role, set and training size that the path of a file suggests.

    Parameters
    ----------
    role
        ``train``, ``validation`` or ``test``; None if there is none.
    set_number
        Number of the set.
    size
        Number that may be a training size; it counts only if the content agrees.
    """

    role: str | None = None
    set_number: int | None = None
    size: int | None = None


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
    notes
        Remarks for the user.
    """

    number: int | None
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    train_sizes: tuple[int, ...]
    notes: tuple[str, ...]


def name_hints(name: str) -> NameHints:
    """Role, set and training size by the words of a path; deeper folders have the last word."""
    role = set_number = size = None
    # From the outermost folder to the file name, each overriding what came before.
    for part in PurePosixPath(name).parts:
        words = [word.lower() for word in re.findall(r"[A-Za-z]+|\d+", part)]
        for word, following in zip(words, [*words[1:], ""], strict=True):
            # "trainset" and "testdata" are the roles train and test.
            bare = next((word.removesuffix(w) for w in ("set", "data") if word.endswith(w)), word)
            code = ROLE_CODES.get(bare)
            role = role if code is None else _ROLES[code]
            is_set = word.endswith(_SET_WORDS)
            if is_set and following.isdigit() and 1 <= int(following) <= _MOST_SETS:
                set_number = int(following)
            # Other numbers in names are dates, temperatures or counters.
            if word.isdigit() and int(word) in PAPER_TRAIN_SIZES:
                size = int(word)
    return NameHints(role, set_number, size)


def archive_splits(files: Sequence[SourceFile]) -> tuple[tuple[ArchiveSplit, ...], tuple[str, ...]]:
    """The split of the frames of one system that the archive has.

    Returns
    -------
    :
        One division for each set, empty if the archive has none that can be used; and remarks
        why one was not used.
    """
    hints = {file.name: name_hints(file.name) for file in files}
    stated = sorted({h.set_number for h in hints.values() if h.set_number is not None})
    numbers: list[int | None] = [*stated] or [None]
    splits, remarks = [], []
    for number in numbers:
        # Files without a number, such as one common test file, belong to every set.
        chosen = [file for file in files if hints[file.name].set_number in (number, None)]
        found = _one_set(number, chosen, hints)
        if isinstance(found, str):
            if found:
                remarks.append(found if number is None else f"set {number}: {found}")
        else:
            splits.append(found)
    return tuple(splits), tuple(remarks)


def _one_set(
    number: int | None, files: Sequence[SourceFile], hints: Mapping[str, NameHints]
) -> ArchiveSplit | str:
    """Division of one set, or why there is none (empty if nothing hints at one)."""
    by_role: dict[str, list[int]] = {role: [] for role in _ROLES}
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
    train, sizes = _training_order(training, by_role["train"], hints, notes)
    used = set(by_role["train"]) | set(by_role["validation"]) | set(by_role["test"])
    rest = _unique(frame for frame in silent if frame not in used)
    validation, test = _unique(by_role["validation"]), _unique(by_role["test"])
    if not train and rest:
        return "it has test frames but no training frames, and frames of no role"
    if not test and rest:
        test = rest
        notes.append(f"no file is called test, so the other {len(rest)} frames are for testing")
    elif rest:
        notes.append(f"{len(rest)} frames of no role in the archive's split were left out")
    # Training comes first: a frame that was trained on must not be tested on.
    kept_validation = _without(validation, train)
    kept_test = _without(_without(test, train), kept_validation)
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
    if not kept_test:
        return "it has no test frames"
    return ArchiveSplit(number, train, kept_validation, kept_test, sizes, tuple(notes))


def _training_order(
    files: Sequence[SourceFile],
    frames: Sequence[int],
    hints: Mapping[str, NameHints],
    notes: list[str],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Training frames in the order of the archive's nested sizes, and these sizes."""
    labelled = [file for file in files if hints[file.name].size is not None]
    groups = _by_size(labelled, hints)
    if len(labelled) < len(files) or not groups:
        # Without a number in every name, compare the content.
        groups = [(None, _unique(file.frames)) for file in files]
    if 1 < len(groups) <= _MOST_FILES:
        chain = _chain(groups)
        if chain is not None:
            order, sizes, kind = chain
            notes.append(f"training sizes {', '.join(map(str, sizes))} of the archive, {kind}")
            return order, sizes
        if all(size == len(members) for size, members in groups):
            size, largest = max(groups, key=lambda group: len(group[1]))
            notes.append(
                f"the archive's training sizes are no parts of each other; the largest, {size}, "
                f"was taken"
            )
            return largest, ()
    return _unique(frames), ()


_Group = tuple[int | None, tuple[int, ...]]


def _by_size(files: Sequence[SourceFile], hints: Mapping[str, NameHints]) -> list[_Group]:
    groups: dict[int | None, list[int]] = {}
    for file in files:
        groups.setdefault(hints[file.name].size, []).extend(file.frames)
    return [(size, _unique(frames)) for size, frames in groups.items()]


def _chain(groups: Sequence[_Group]) -> tuple[tuple[int, ...], tuple[int, ...], str] | None:
    """Order and sizes of nested or additive files; None if they are neither.

    Nested: the 100 frames contain the 50. Additive: there is a file of 50 and one with the 50
    that make 100 of them.
    """
    if not groups:
        return None
    ordered = sorted(groups, key=lambda group: (group[0] or 0, len(group[1]), group[1]))
    known: set[int] = set()
    order: list[int] = []
    nested = additive = True
    nested_sizes, additive_sizes = [], []
    for size, frames in ordered:
        # Ascending sizes: nested if each group contains all before it, additive if it contains
        # none.
        nested &= known <= set(frames) and size in (None, len(frames))
        additive &= known.isdisjoint(frames)
        order += [frame for frame in frames if frame not in known]
        known.update(frames)
        nested_sizes.append(len(frames))
        additive_sizes.append(len(order))
        additive &= size == len(order) or (size is None and len(order) in PAPER_TRAIN_SIZES)
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
