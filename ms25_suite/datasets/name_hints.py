"""What the path of a file in an archive says about its frames."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from ms25_suite.datasets.cards.splits import ROLES
from ms25_suite.datasets.splits import PAPER_TRAIN_SIZES, ROLE_CODES

__all__ = ["NameHints", "name_hints", "own_numbers", "own_words"]

_SET_WORDS: Final = ("set", "split", "fold")
_MOST_SETS: Final = 99
"""Larger numbers are years; from ten on `dataset50` is a number of frames."""

_OBSERVABLES: Final[dict[str, Literal["path", "curve"]]] = {
    **dict.fromkeys(("neb", "cineb", "nebs", "mep"), "path"),
    **dict.fromkeys(("eos", "murnaghan", "birch"), "curve"),
}
"""Words for frames that belong to an observable and are no samples of a dataset."""


@dataclass(frozen=True, slots=True)
class NameHints:
    """What the path of a file suggests.

    Parameters
    ----------
    role
        ``train``, ``validation`` or ``test``; None if there is none.
    set_number
        Number of the set.
    size
        Number that may be a training size; it counts only if the content agrees.
    observable
        ``path`` for the images of a reaction path, ``curve`` for an equation of state: these are no
        samples of the dataset. None for all other files.
    together
        The part of the path that all files of one such path or curve have in common.
    """

    role: str | None = None
    set_number: int | None = None
    size: int | None = None
    observable: Literal["path", "curve"] | None = None
    together: str = ""


def name_hints(name: str) -> NameHints:
    """What the words of a path say; deeper folders have the last word."""
    role = set_number = size = observable = None
    together = ""
    parts = PurePosixPath(name).parts
    # From the outermost folder to the file name, each overriding what came before.
    for depth, part in enumerate(parts, start=1):
        roles: list[int] = []
        words = [word.lower() for word in re.findall(r"[A-Za-z]+|\d+", part)]
        for word, following in zip(words, [*words[1:], ""], strict=True):
            found = _OBSERVABLES.get(word)
            if found is not None and found != observable:
                observable, together = found, "/".join(parts[:depth])
            # "trainset" and "testdata" are the roles train and test.
            bare = next((word.removesuffix(w) for w in ("set", "data") if word.endswith(w)), word)
            code = ROLE_CODES.get("train" if bare == "trainval" else bare)
            roles += [] if code is None else [code]
            most = _MOST_SETS if word in _SET_WORDS else 9 if word.endswith(_SET_WORDS) else 0
            # Folds are often counted from zero.
            if most and following.isdigit() and int(following) <= most:
                set_number = int(following)
            # Other numbers in names are dates, temperatures or counters.
            if word.isdigit() and int(word) in PAPER_TRAIN_SIZES:
                size = int(word)
        if {0, 2} <= {*roles} and depth < len(parts):
            continue  # the folder `train_test_split` is of neither
        if roles:
            # A file of both parts, `train-val`, holds frames that were trained on: all of it was.
            role = ROLES[min(roles)]
            # A file that is called neb-train holds samples along a path.
            observable, together = None, ""
    return NameHints(role, set_number, size, observable, together)


def own_words(name: str) -> tuple[str, ...]:
    """The words of a path that say neither role, set nor size: equal for files of one split."""
    return _without_known(name, r"[A-Za-z]+", {*ROLE_CODES, *_SET_WORDS, "trainval", "n"})


def own_numbers(name: str) -> tuple[str, ...]:
    """Words and numbers of a path that say neither role nor size: equal for files of one set."""
    known = {*ROLE_CODES, "trainval", "n", *map(str, PAPER_TRAIN_SIZES)}
    return _without_known(name, r"[A-Za-z]+|\d+", known)


def _without_known(name: str, pattern: str, known: Collection[str]) -> tuple[str, ...]:
    words = [
        word.lower()
        for part in PurePosixPath(name).with_suffix("").parts
        for word in re.findall(pattern, part)
    ]
    bare = {word: word.removesuffix("set").removesuffix("data") for word in words}
    return tuple(word for word in words if word not in known and bare[word] not in known)
