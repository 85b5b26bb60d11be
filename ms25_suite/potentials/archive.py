"""Zip archives of models, checked as a whole before anything loads them.

PyTorch reads its archives without looking at their checksums: weights of which one bit is wrong
would be judged. And a small archive may unpack to more than fits on any machine.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import ModelFileError

__all__ = ["checked_archive"]

_BLOCK: Final = 1 << 20
_METHODS: Final = frozenset(
    (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
)
_ENCRYPTED: Final = 0x1
"""Bit of the general purpose flags (APPNOTE.TXT, section 4.4.4)."""

_LOCAL_HEADER: Final = 30
"""Bytes of the header before each member, without its name (APPNOTE.TXT, section 4.3.7)."""

_MOST_UNPACKED: Final = 1 << 28
_MOST_RATIO: Final = 20
"""An archive may unpack to 256 MiB, or to 20 times its size: weights hardly become smaller."""

_MOST_PICKLE: Final = 1 << 26
"""Largest pickle in bytes (64 MiB) whose opcodes are looked through: the weights lie beside it."""


def checked_archive(path: Path, pickles: Sequence[str]) -> tuple[tuple[str, ...], bytes | None]:
    """Names of all members of a sound archive, and the pickle among them.

    All members are read once, and their checksums compared.

    Parameters
    ----------
    path
        The archive.
    pickles
        Ends of the names of a main pickle.

    Returns
    -------
    names, pickle
        ``pickle`` is the first member with such a name; None if there is none.

    Raises
    ------
    ModelFileError
        The archive is damaged, encrypted, ambiguous, or unpacks to far more than its size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            problem = _problem(members, path.stat().st_size)
            if not problem:
                problem = next(filter(None, (_unread(archive, one) for one in members)), "")
            if not problem:
                names = tuple(member.filename for member in members)
                main = next((name for name in names if name.endswith(tuple(pickles))), None)
                if main is None:
                    return names, None
                if archive.getinfo(main).file_size <= _MOST_PICKLE:
                    return names, archive.read(main)
                problem = f"its pickle {main} is larger than {_MOST_PICKLE >> 20} MiB"
    except Exception as error:  # zipfile raises anything on a damaged file
        problem = str(error) or type(error).__name__
        if "CRC" in problem:
            problem += (
                "; or its checksums were switched off by set_crc32_options when it was saved: then "
                "save it again"
            )
    msg = (
        f"the model file {path} is a damaged archive ({problem}): expected a complete PyTorch "
        f"file, found {path.stat().st_size} bytes. Copy or download it again"
    )
    raise ModelFileError(msg)


def _unread(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """What is wrong with a member, which is read to its end; empty if nothing is."""
    size = 0
    with archive.open(member) as file:
        # The checksum is compared at the end.
        while block := file.read(_BLOCK):
            size += len(block)
    if size == member.file_size:
        return ""
    return f"its member {member.filename!r} has {size} bytes and should have {member.file_size}"


def _problem(members: Sequence[zipfile.ZipInfo], size: int) -> str:
    """What is wrong with an archive by its table of members; empty if nothing is."""
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        twice = next(one for one, other in pairwise(sorted(names)) if one == other)
        return f"it holds {twice!r} twice"
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            return f"its member {member.filename!r} is encrypted"
        if member.compress_type not in _METHODS:
            return (
                f"its member {member.filename!r} is packed by an unknown method, number "
                f"{member.compress_type}"
            )
        if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
            return (
                f"its member {member.filename!r} is not packed, but has two sizes, "
                f"{member.compress_size} and {member.file_size} bytes"
            )
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_MOST_UNPACKED, _MOST_RATIO * size):
        return f"it would unpack to {unpacked} bytes"
    end = -1
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            return f"its member {member.filename!r} overlaps another one"
        end = member.header_offset + _LOCAL_HEADER + member.compress_size
    return "its members reach beyond its end" if end > size else ""
