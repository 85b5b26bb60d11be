"""Files that a card names, each with the checksum that it must have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

from ms25_suite.core.cache import remembered_sha256
from ms25_suite.core.documents.files import MISSING, file_problem
from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets.cards.fields import CARD_CONFIG, Text

__all__ = ["CardFile", "FileEntry", "Files", "located", "verified_sha256"]


@dataclass(frozen=True, slots=True)
class CardFile:
    """A file of a dataset.

    Parameters
    ----------
    path
        Path, relative to the folder of the card.
    sha256
        SHA-256 of the file, in 64 hexadecimal digits; None if it is not to be checked.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    path: Path
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.path == Path():
            msg = "`path` must be a text that is not empty"
            raise ValueError(msg)
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            msg = f"`sha256` must be 64 hexadecimal digits, found {self.sha256!r}"
            raise ValueError(msg)


FileEntry = Text | CardFile
"""A file as a card names it: its path, or a table of ``path`` and ``sha256``."""

Files = FileEntry | Annotated[tuple[FileEntry, ...], MinLen(1)]
"""One such file, or a list of them."""


def located(files: Files, base: Path) -> tuple[CardFile, ...]:
    """The files with paths that can be opened.

    Parameters
    ----------
    files
        What the card names.
    base
        Folder that relative paths start from.
    """
    entries = files if isinstance(files, tuple) else (files,)
    return tuple(
        CardFile(base / entry)
        if isinstance(entry, str)
        else CardFile(base / entry.path, entry.sha256)
        for entry in entries
    )


def verified_sha256(file: CardFile, where: str, absent: type[DatasetError] = CardError) -> str:
    """SHA-256 of a file, which must be the one that the card states, if it states one.

    Parameters
    ----------
    file
        The file.
    where
        Name of the card, for messages.
    absent
        Class of the error if there is no such file.

    Raises
    ------
    CardError
        The file has another checksum.
    DatasetError
        The file cannot be read.
    """
    problem = file_problem(file.path)
    if problem:
        found = "there is no file" if problem == MISSING else f"expected a file, found {problem}:"
        msg = f"{where}: {found} {file.path}"
        raise absent(msg)
    try:
        found = remembered_sha256(file.path)
    except OSError as error:
        msg = f"{where}: cannot read {file.path}: {error}"
        raise DatasetError(msg) from error
    if file.sha256 is not None and found != file.sha256:
        msg = (
            f"{where}: {file.path.name} is not the file that the card describes: expected "
            f"sha256 {file.sha256}, found {found}. Get the file again, or correct the card"
        )
        raise CardError(msg)
    return found
