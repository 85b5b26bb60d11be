"""Files that a card names, each with the checksum that it must have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ms25_suite.core.cache import remembered_sha256
from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets.cards.fields import refuse_unknown, text_field

__all__ = ["CardFile", "card_file", "card_files", "verified_sha256"]


@dataclass(frozen=True, slots=True)
class CardFile:
    """A file of frames: its path, and its SHA-256 where the card states it."""

    path: Path
    sha256: str | None = None


def card_file(value: Any, what: str, base: Path) -> CardFile:
    """A file: its path, or a table of ``path`` and ``sha256``.

    Parameters
    ----------
    value
        What the card has.
    what
        Name of the value, for messages.
    base
        Folder that the path starts from.

    Raises
    ------
    CardError
        The value is something else.
    """
    if not isinstance(value, Mapping):
        return CardFile(base / text_field(value, what))
    refuse_unknown(value, ("path", "sha256"), what)
    path = text_field(value.get("path"), f"{what}: `path`")
    sha256 = value.get("sha256")
    if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", str(sha256)):
        msg = f"{what}: `sha256` must be 64 hexadecimal digits, found {sha256!r}"
        raise CardError(msg)
    return CardFile(base / path, sha256)


def card_files(value: Any, what: str, base: Path) -> tuple[CardFile, ...]:
    """One such file or a list of them, at least one.

    Raises
    ------
    CardError
        The value is something else.
    """
    entries = value if isinstance(value, list) else [value]
    if not entries:
        msg = f"{what} is empty: name at least one file"
        raise CardError(msg)
    return tuple(card_file(entry, what, base) for entry in entries)


def verified_sha256(file: CardFile, where: str, absent: type[DatasetError] = CardError) -> str:
    """SHA-256 of a file, which is the one that the card states, if it states one.

    Parameters
    ----------
    file
        The file.
    where
        Name of the card, for messages.
    absent
        Error of a file that is not there.

    Raises
    ------
    CardError
        The file has another checksum.
    DatasetError
        The file cannot be read.
    """
    if not file.path.is_file():
        msg = f"{where}: there is no file {file.path}"
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
