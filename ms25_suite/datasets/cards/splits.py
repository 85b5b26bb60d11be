"""The table ``[splits]`` of a card: how the frames are divided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from annotated_types import Ge, Le, MinLen

from ms25_suite.datasets.cards.fields import (
    CARD_CONFIG,
    AtLeastOne,
    Text,
    TextList,
    WholeNumber,
    values_of,
)
from ms25_suite.datasets.cards.files import CardFile, FileEntry, located

__all__ = ["MOST_SETS", "ROLES", "SplitUnit", "SplitsConfig", "SplitsTable"]

MOST_SETS: Final = 1000
"""Most independent splits; the paper has three, and each takes as much memory as the frames."""

ROLES: Final = ("train", "validation", "test")

SplitUnit: TypeAlias = Literal["frame", "trajectory"]
"""What is drawn at random: frames, as in the paper, or whole trajectories, so that no test frame
has a neighbour in time among the training frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitsTable:
    """The table ``[splits]`` as a card has it.

    Parameters
    ----------
    train, validation, test
        Numbers of frames, drawn at random; without ``test`` all that are left. Or the files of
        each role, relative to the folder of the card.
    indices
        Instead of both: a JSON file with the indices of the frames of each part, for each set
        (`ms25_suite.datasets.indexed_splits`).
    train_sizes
        Nested training sizes, ascending; empty for the paper's sizes as far as they fit.
    sets
        Number of independent random splits.
    seed
        Seed of the random splits.
    split
        What is drawn: ``frame``, or ``trajectory`` for whole trajectories.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    train: AtLeastOne | Text | TextList | None = None
    validation: WholeNumber | Text | TextList | None = None
    test: AtLeastOne | Text | TextList | None = None
    indices: FileEntry | None = None
    train_sizes: Annotated[tuple[AtLeastOne, ...], MinLen(1)] = ()
    sets: Annotated[int, Ge(1), Le(MOST_SETS)] | None = None
    seed: WholeNumber = 0
    split: SplitUnit = "frame"

    def __post_init__(self) -> None:
        sizes = list(self.train_sizes)
        if sizes != sorted(set(sizes)):
            msg = f"`train_sizes` must ascend, found {sizes}"
            raise ValueError(msg)
        given = {role: getattr(self, role) for role in ROLES if getattr(self, role)}
        beside = [*given, *(["sets"] if self.sets else [])]
        if self.indices is not None and beside:
            msg = f"with `indices` that file says it all; found also {', '.join(beside)}"
            raise ValueError(msg)
        numbers = {role: value for role, value in given.items() if isinstance(value, int)}
        if not numbers and given and "test" not in given:
            msg = f"names files of {', '.join(given)} but none of `test`"
            raise ValueError(msg)
        if numbers and len(numbers) < len(given):
            role, value = next(iter(numbers.items()))
            msg = f"give either numbers of frames or files, found both: `{role}` = {value}"
            raise ValueError(msg)
        if numbers and self.train is None:
            msg = f"has {', '.join(numbers)} but no `train`: how many frames are to train on?"
            raise ValueError(msg)
        if self.split != "frame" and not numbers:
            msg = f'`split` = "{self.split}" draws at random: give `train`, a number of frames'
            raise ValueError(msg)
        if isinstance(self.train, int) and sizes and sizes[-1] > self.train:
            msg = f"`train_sizes` {sizes} must not exceed `train` = {self.train}"
            raise ValueError(msg)

    def located(self, base: Path) -> SplitsConfig:
        """The same with numbers and files apart, and paths that start from a folder."""
        values = values_of(self)
        files = []
        for role in ROLES:
            value = values[role]
            if isinstance(value, str | tuple):
                names = (value,) if isinstance(value, str) else value
                files.append((role, tuple(base / name for name in names)))
                values[role] = None
        values["validation"] = values["validation"] or 0
        if values["indices"] is not None:
            (values["indices"],) = located(values["indices"], base)
        return SplitsConfig(**values, files=tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitsConfig(SplitsTable):
    """How the frames are divided: by numbers of frames, by files, or by indices.

    Parameters
    ----------
    train, validation, test
        Numbers of frames, drawn at random; ``test`` None takes all that are left.
    files
        Instead of numbers: the files of each role, as ``(role, paths)``.
    indices
        Instead of both: the file of the indices.
    """

    train: int | None = None
    validation: int = 0
    test: int | None = None
    indices: CardFile | None = None
    files: tuple[tuple[str, tuple[Path, ...]], ...] = ()
