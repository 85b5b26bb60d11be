"""Checksums of what is kept on disk: damage is noticed, and counts as absence.

The checksum is CRC-32 over all bytes and over a name. It finds every damage of up to 32
neighbouring bits, and all but one in 4 billion others; the name finds entries that were exchanged.
It is no protection from a person who may write to the file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["CHECKSUM_KEY", "DamagedError", "read_sealed", "seal", "sealed_json", "unseal_json"]

CHECKSUM_KEY: Final = "crc32"
"""Key of the checksum in a sealed JSON object."""

_END: Final = b"\nms25 crc32 %08x\n"
_END_LENGTH: Final = len(_END % 0)


class DamagedError(ValueError):
    """What was read is not what was written."""


def seal(content: bytes, name: str = "") -> bytes:
    """Bytes, followed by their checksum.

    Parameters
    ----------
    content
        What is to be kept.
    name
        What it is: content of another name does not pass for it.
    """
    return content + _end(content, name)


def read_sealed(path: Path, name: str = "") -> bytes:
    """Content of a file that `seal` made.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    DamagedError
        It cannot be read, was changed or cut off, or is of another name.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise DamagedError(msg) from error
    content = data[:-_END_LENGTH]
    if data[-_END_LENGTH:] != _end(content, name):
        msg = f"{path} is damaged: its checksum is wrong"
        raise DamagedError(msg)
    return content


def _end(content: bytes, name: str) -> bytes:
    return _END % zlib.crc32(content, _start(name))


def sealed_json(record: Mapping[str, Any], name: str = "", indent: int | None = None) -> str:
    """A JSON object with a checksum over its values under the key ``crc32``.

    Parameters
    ----------
    record
        Anything that JSON can represent; numbers must be finite.
    name
        What it is, as in `seal`.
    indent
        Indentation, for people.
    """
    whole = {**record, CHECKSUM_KEY: _of_values(record, name)}
    text = json.dumps(whole, allow_nan=False, ensure_ascii=False, indent=indent)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        # Half a character, as in a file name that is not UTF-8, cannot be encoded but escaped.
        text = json.dumps(whole, allow_nan=False, indent=indent)
    return f"{text}\n"


def unseal_json(found: object, where: str, name: str = "") -> dict[str, Any]:
    """Values of a sealed JSON object, without the checksum.

    Parameters
    ----------
    found
        What `json.loads` made of the file, or the text itself.
    where
        Name of the file, for the message.
    name
        What it is, as in `seal`.

    Raises
    ------
    DamagedError
        It is not JSON, not an object, has no checksum, or a wrong one.
    """
    if isinstance(found, str | bytes):
        try:
            found = json.loads(found)
        # A `RecursionError` is JSON's answer to thousands of brackets.
        except (ValueError, RecursionError) as error:
            msg = f"{where} is damaged: it is not JSON ({error})"
            raise DamagedError(msg) from error
    if not isinstance(found, dict) or CHECKSUM_KEY not in found:
        msg = f"{where} is damaged: it is not an object with a checksum"
        raise DamagedError(msg)
    record = {key: value for key, value in found.items() if key != CHECKSUM_KEY}
    try:
        right = found[CHECKSUM_KEY] == _of_values(record, name)
    except (ValueError, RecursionError):  # NaN, which is not written
        right = False
    if not right:
        msg = f"{where} is damaged: its checksum is wrong"
        raise DamagedError(msg)
    return record


def _of_values(record: Mapping[str, Any], name: str) -> str:
    """Checksum of values, whatever the order and the layout of the file."""
    text = json.dumps(record, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return f"{zlib.crc32(text.encode(), _start(name)):08x}"


def _start(name: str) -> int:
    # A name of a file need not be UTF-8.
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))
