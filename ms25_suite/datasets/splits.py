"""Which frames are for training, validation and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.core.frames import IntArray
from ms25_suite.datasets.cards.splits import SplitsConfig

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "NO_ROLE",
    "PAPER_TRAIN_SIZES",
    "ROLE_CODES",
    "UNKNOWN_ROLE",
    "Splits",
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
