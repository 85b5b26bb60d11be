"""Which frames are for training, validation and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.core.findings import frame_list
from ms25_suite.core.frames import BoolArray, IntArray
from ms25_suite.datasets.cards.splits import SplitsConfig

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "PAPER_TRAIN_SIZES",
    "ROLE_CODES",
    "Splits",
    "make_splits",
    "roles_of",
    "shuffled",
    "train_sizes_of",
    "without_labels",
]

PAPER_TRAIN_SIZES: Final = (50, 100, 200, 400, 600, 800, 1000)
"""Nested training sizes of the paper (Maxson et al., JCIM 2025, Methods)."""

NO_ROLE: Final = -1
"""Code of a frame without a role."""

UNKNOWN_ROLE: Final = -2
"""Code of a frame whose word for its role is not in `ROLE_CODES`."""

ROLE_CODES: Final = {
    "train": 0,
    "training": 0,
    "valid": 1,
    "val": 1,
    "validation": 1,
    "test": 2,
    "testing": 2,
}
"""Words for the role of a frame (info key ``split``, names of files in a folder)."""

_HOW_TO: Final = """Add a card beside the file (same name, ending .toml) with

    [splits]
    train = {train}        # frames, drawn at random
    validation = {validation}
    seed = 0

or name one file for each role (train = "a.extxyz", test = "b.extxyz"), or give each frame an info \
key `split` (train, validation or test)."""


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Division of the frames of a dataset, for each of its sets.

    Parameters
    ----------
    origin
        Where the division comes from, for reports.
    n_frames
        Number of frames of the dataset.
    train_sizes
        Nested training sizes to compare, ascending; empty if there is nothing to train on.
    parts
        For each set the frames for training, validation and test. Training frames come in the
        order in which nested training sizes take them.
    validation_as_test
        Whether the frames for test are those that were meant for validation, as there are no
        others.
    """

    origin: str
    n_frames: int
    train_sizes: tuple[int, ...]
    parts: tuple[tuple[IntArray, IntArray, IntArray], ...] = field(repr=False)
    validation_as_test: bool = False

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(self.parts)

    def train(self, n: int | None = None, set: int = 1) -> IntArray:  # noqa: A002
        """Frames to train on: all of them, or the first ``n``, which smaller sizes are part of.

        Raises
        ------
        DatasetError
            There is no such set, or there are not as many training frames.
        """
        frames = self._part(0, set, "training")
        if n is None:
            return frames
        if not 1 <= n <= len(frames):
            msg = f"expected a training size between 1 and {len(frames)}, got {n}"
            raise DatasetError(msg)
        # A prefix: each size contains all smaller ones, as in the paper ("additive manner",
        # section "Training Data Post-Processing").
        return frames[:n]

    def validation(self, set: int = 1) -> IntArray:  # noqa: A002
        """Frames that decide when a training stops.

        Raises
        ------
        DatasetError
            There is no such set, or it has no validation frames.
        """
        return self._part(1, set, "validation")

    def test(self, set: int = 1) -> IntArray:  # noqa: A002
        """Frames that a potential is judged on.

        Raises
        ------
        DatasetError
            There is no such set, or it has no test frames.
        """
        return self._part(2, set, "test")

    def _part(self, role: int, number: int, name: str) -> IntArray:
        if not 1 <= number <= self.n_sets:
            msg = f"there is no set {number}: the dataset has {self.n_sets}, counted from 1"
            raise DatasetError(msg)
        frames = self.parts[number - 1][role]
        if len(frames) == 0:
            how = _HOW_TO.format(
                train=max(1, self.n_frames // 10), validation=max(1, self.n_frames // 50)
            )
            msg = f"the dataset has no {name} frames ({self.origin}). {how}"
            raise DatasetError(msg)
        return frames


def roles_of(images: Iterable[Atoms]) -> IntArray:
    """Role of each frame by its info key ``split``: see `ROLE_CODES`, shape ``(n_frames,)``."""
    words = (atoms.info.get("split") for atoms in images)
    codes = [
        NO_ROLE
        if word is None
        else ROLE_CODES.get(re.sub(r"\W", "", str(word)).lower(), UNKNOWN_ROLE)
        for word in words
    ]
    return np.array(codes, dtype=np.int64)


def make_splits(
    config: SplitsConfig, roles: IntArray, where: str, complete: BoolArray | None = None
) -> Splits:
    """Split frames by the card, else by the roles of the frames; else all are test frames.

    Where no frame is a test frame, but some are validation frames, those are the test frames.

    Parameters
    ----------
    config
        The table ``[splits]`` of the card.
    roles
        Role of each frame by `ROLE_CODES`, `NO_ROLE` or `UNKNOWN_ROLE`, shape ``(n_frames,)``.
        For files named by role it is the role of the file.
    where
        Name of the source, for messages.
    complete
        Whether each frame has all labels that a training needs, shape ``(n_frames,)``. Other frames
        are never training or validation frames; None if all have them. If no frame has them, it
        does not matter: nothing can be trained.

    Raises
    ------
    CardError
        The card needs more frames than there are.
    DatasetError
        Only some frames have a role, or all are training frames.
    """
    n_frames = len(roles)
    if complete is None or not complete.any():
        complete = np.ones(n_frames, dtype=np.bool_)
    if config.train is not None:
        return _by_count(config, complete, where)
    stated = roles != NO_ROLE
    if not stated.any():
        everything = np.arange(n_frames, dtype=np.int64)
        nothing = np.zeros(0, dtype=np.int64)
        return Splits(
            "no split was given: every frame is a test frame",
            n_frames,
            (),
            ((nothing, nothing, everything),),
        )
    _refuse_unclear(roles, where)
    # Stated roles fix the parts; sets differ only in the order in which training sizes grow.
    train, validation, test = (np.flatnonzero(roles == code).astype(np.int64) for code in range(3))
    as_test = len(test) == 0
    if as_test:
        # A file that was cut out of a larger set: held back from training at least.
        test, validation = validation, test
    left_out = int(np.count_nonzero(~complete[np.concatenate([train, validation])]))
    train, validation = train[complete[train]], validation[complete[validation]]
    parts = tuple(
        (train[shuffled(len(train), config.seed, number)], validation, test)
        for number in range(1, (config.sets or 1) + 1)
    )
    sizes = train_sizes_of(config, len(train), where)
    origin = "one file for each role" if config.files else "info key `split` of the frames"
    origin += "; no test frames, so the validation frames are" if as_test else ""
    return Splits(origin + without_labels(left_out), n_frames, sizes, parts, as_test)


def without_labels(n_frames: int) -> str:
    """What the origin of a division says of frames that cannot be trained on; empty if none are."""
    if not n_frames:
        return ""
    return f"; {n_frames} frames without energy or forces are not trained on"


def shuffled(n: int, seed: int, number: int) -> IntArray:
    """Random order of ``range(n)`` for a set that stays the same with every version of NumPy.

    NumPy may change what ``Generator.permutation`` returns; the raw stream of a bit generator
    is guaranteed (NEP 19), and sorting it gives a uniformly random order.
    """
    # Ties of 64-bit numbers are practically impossible, and the stable sort would resolve them.
    raw = np.random.PCG64([seed, number]).random_raw(n)
    return np.asarray(np.argsort(raw, kind="stable"), dtype=np.int64)


def train_sizes_of(config: SplitsConfig, n_train: int, where: str) -> tuple[int, ...]:
    """Training sizes: those of the card, else the paper's as far as there are frames.

    Raises
    ------
    CardError
        The card names more frames than there are.
    """
    if config.train_sizes:
        if config.train_sizes[-1] > n_train:
            msg = (
                f"{where}: `train_sizes` needs {config.train_sizes[-1]} frames, "
                f"there are {n_train} to train on"
            )
            raise CardError(msg)
        return config.train_sizes
    if n_train == 0:
        return ()
    # The full training set always ends the series.
    return (*(size for size in PAPER_TRAIN_SIZES if size < n_train), n_train)


def _by_count(config: SplitsConfig, complete: BoolArray, where: str) -> Splits:
    n_frames, n_complete = len(complete), int(np.count_nonzero(complete))
    n_train = config.train or 0
    n_test = n_frames - n_train - config.validation if config.test is None else config.test
    total = n_train + config.validation + n_test
    if total > n_frames or n_test < 1:
        wanted = f"train = {n_train}, validation = {config.validation}"
        wanted += "" if config.test is None else f", test = {config.test}"
        msg = (
            f"{where}: [splits] needs {wanted}, but there are {n_frames} frames, and at "
            f"least one must be left to test on"
        )
        raise CardError(msg)
    if n_train + config.validation > n_complete:
        msg = (
            f"{where}: [splits] needs train = {n_train}, validation = {config.validation}, but "
            f"{n_complete} of {n_frames} frames have both energy and forces"
        )
        raise CardError(msg)
    n_sets = config.sets or 1
    parts = []
    for number in range(1, n_sets + 1):
        # A new permutation for each set: the paper's "Set 1" to "Set 3" are independent
        # repetitions.
        order = shuffled(n_frames, config.seed, number)
        # Frames that cannot be trained on are test frames like any other.
        train, validation, _ = np.split(
            order[complete[order]], [n_train, n_train + config.validation]
        )
        test = order[~np.isin(order, np.concatenate([train, validation]))][:n_test]
        parts.append((train, np.sort(validation), np.sort(test)))
    origin = f"{n_sets} random {'set' if n_sets == 1 else 'sets'}, seed {config.seed}"
    origin += without_labels(n_frames - n_complete)
    return Splits(origin, n_frames, train_sizes_of(config, n_train, where), tuple(parts))


def _refuse_unclear(roles: IntArray, where: str) -> None:
    silent = [int(i) for i in np.flatnonzero(roles == NO_ROLE)]
    if silent:
        msg = (
            f"{where}: {len(roles) - len(silent)} of {len(roles)} frames have an info key `split`, "
            f"{frame_list(silent)} have none. Give it to all frames, or use [splits] in a card"
        )
        raise DatasetError(msg)
    unknown = [int(i) for i in np.flatnonzero(roles == UNKNOWN_ROLE)]
    if unknown:
        msg = (
            f"{where}: the info key `split` of {frame_list(unknown)} must be one of "
            f"{', '.join(ROLE_CODES)}. Correct it, or use [splits] in a card"
        )
        raise DatasetError(msg)
    if (roles == 0).all():
        msg = (
            f"{where}: all {len(roles)} frames are training frames by their info key `split`: "
            "judged by them, a potential only shows how well it remembers. Give test frames, or "
            "remove the key if no potential was trained on these frames"
        )
        raise DatasetError(msg)
