"""Divisions that a file states frame by frame: which frames are in which part of which set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import MinLen

from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import CardError
from ms25_suite.core.frames import BoolArray, IntArray
from ms25_suite.datasets.cards.fields import CARD_CONFIG, AtLeastOne, WholeNumber
from ms25_suite.datasets.cards.files import CardFile, verified_sha256
from ms25_suite.datasets.cards.splits import ROLES, SplitsConfig
from ms25_suite.datasets.splits import Splits, train_sizes_of, without_labels

__all__ = ["IndexedSet", "IndexedSplits", "indexed_splits", "write_indices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedSet:
    """Indices of the frames of one set, counted from 0.

    Parameters
    ----------
    train
        Training frames, in the order in which nested training sizes take them.
    validation, test
        The other parts. Frames in none of the three are not used in this set.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    train: tuple[WholeNumber, ...] = ()
    validation: tuple[WholeNumber, ...] = ()
    test: Annotated[tuple[WholeNumber, ...], MinLen(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedSplits:
    """Content of the file that ``[splits] indices`` of a card names.

    Parameters
    ----------
    n_frames
        Number of frames of the dataset, so that a file of other frames is noticed.
    sets
        The sets. They may divide the same frames differently: a training frame of one may be a test
        frame of another.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    n_frames: AtLeastOne
    sets: Annotated[tuple[IndexedSet, ...], MinLen(1)]


def write_indices(path: Path, n_frames: int, sets: Sequence[IndexedSet]) -> None:
    """Write the file of a division."""
    content = asdict(IndexedSplits(n_frames=n_frames, sets=tuple(sets)))
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def indexed_splits(config: SplitsConfig, complete: BoolArray, where: str) -> Splits:
    """Read the division that a card names.

    Parameters
    ----------
    config
        The table ``[splits]`` of the card, with `indices`.
    complete
        Whether each frame has all labels that a training needs, shape ``(n_frames,)``. Other frames
        are never training or validation frames, unless no frame has them.
    where
        Name of the card, for messages.

    Raises
    ------
    CardError
        There is no such file, it is not the one that the card describes, its indices are those of
        other frames, or a frame is twice in one set.
    """
    file = config.indices
    assert file is not None
    verified_sha256(file, where)
    found = _read(file)
    n_frames = len(complete)
    if found.n_frames != n_frames:
        msg = (
            f"{file.path} divides {found.n_frames} frames, but {where} has {n_frames}: it belongs "
            "to other frames"
        )
        raise CardError(msg)
    if not complete.any():
        complete = np.ones(n_frames, dtype=np.bool_)
    parts = tuple(
        _parts(entry, complete, f"{file.path}: set {number}")
        for number, entry in enumerate(found.sets, start=1)
    )
    left_out = sum(len(entry.train) + len(entry.validation) for entry in found.sets)
    left_out -= sum(len(train) + len(validation) for train, validation, _ in parts)
    # A training size is one of every set.
    n_train = min(len(train) for train, _, _ in parts)
    n_sets = "1 set" if len(parts) == 1 else f"{len(parts)} sets"
    return Splits(
        f"{n_sets} stated in {file.path.name}{without_labels(left_out)}",
        n_frames,
        train_sizes_of(config, n_train, where),
        parts,
    )


def _read(file: CardFile) -> IndexedSplits:
    content = read_json(file.path, "the division of the frames", CardError)
    return read_as(IndexedSplits, content, str(file.path), CardError)


def _parts(
    entry: IndexedSet, complete: BoolArray, where: str
) -> tuple[IntArray, IntArray, IntArray]:
    arrays = [np.array(getattr(entry, role), dtype=np.int64) for role in ROLES]
    everything = np.concatenate(arrays)
    beyond = everything[everything >= len(complete)]
    if len(beyond):
        msg = f"{where} names frame {beyond[0]}, but the last one is {len(complete) - 1}"
        raise CardError(msg)
    frames, times = np.unique(everything, return_counts=True)
    if (times > 1).any():
        msg = (
            f"{where} names frame {frames[times > 1][0]} twice: within a set each frame is in one "
            "part only"
        )
        raise CardError(msg)
    train, validation, test = arrays
    return train[complete[train]], np.sort(validation[complete[validation]]), np.sort(test)
