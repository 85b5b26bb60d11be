"""The files inside folders and archives, archives inside archives included."""

from __future__ import annotations

import lzma
import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from ms25_suite.core.documents.files import refuse_irregular
from ms25_suite.core.errors import DatasetError

__all__ = ["Member", "is_archive", "members", "natural_key", "safe_name"]

_TAR: Final = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_DEEPEST: Final = 4
_JUNK: Final = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_DAMAGE: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    struct.error,
)
"""Errors of the archive modules for damage and unknown compression."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a source.

    Parameters
    ----------
    name
        Its path inside the source, with ``/``; archives in between count as folders.
    path
        Where it can be read until the iteration goes on.
    """

    name: str
    path: Path


def is_archive(path: Path) -> bool:
    """Whether the name is that of a zip or tar archive."""
    name = path.name.lower()
    return name.endswith((".zip", *_TAR))


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Key that sorts ``frame-9`` before ``frame-10``."""
    parts = re.split(r"(\d+)", name)
    # The capturing group makes every second part of the split a number. A tuple for each part
    # keeps numbers and text comparable.
    return tuple((int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts))


def safe_name(name: str, where: str) -> str:
    """A name that stays inside the folder it is put into.

    Raises
    ------
    DatasetError
        The name leads out of it.
    """
    # Archives that Windows made may separate folders by backslashes.
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        msg = (
            f"{where}: the name {name!r} leads out of the folder that the archive is unpacked in. "
            f"Nothing was written: archives for exchange have no such names, so get it again "
            f"from its authors"
        )
        raise DatasetError(msg)
    return str(path)


def members(source: Path, scratch: Path, leave_out: Callable[[str, str], None]) -> Iterator[Member]:
    """All files of a folder, an archive, or a single file.

    An archive is unpacked one file at a time, so that it needs little space.

    Parameters
    ----------
    source
        Folder, archive or file.
    scratch
        Folder for unpacked files; each is deleted when the iteration goes on.
    leave_out
        Called with name and reason for what is left out: a damaged archive inside of the source,
        a link.

    Raises
    ------
    DatasetError
        There is no such source, it is damaged itself, or names in it lead out of it.
    """
    if source.is_dir():
        for path in sorted(source.rglob("*"), key=lambda p: natural_key(p.as_posix())):
            name = path.relative_to(source).as_posix()
            # Depth 1: a folder is no archive, so archives in it are the first level.
            if path.is_file() and not _is_junk(name):
                yield from _file(Member(name, path), scratch, leave_out, 1)
        return
    refuse_irregular(source, "the archive or folder", DatasetError)
    if is_archive(source):
        yield from _unpacked(Member(source.name, source), scratch, leave_out, 0)
        return
    yield Member(source.name, source)


def _file(
    member: Member, scratch: Path, leave_out: Callable[[str, str], None], depth: int
) -> Iterator[Member]:
    """The member itself, or the content of an archive; a damaged inner archive is left out."""
    if not is_archive(member.path):
        yield member
        return
    if depth > _DEEPEST:
        leave_out(member.name, f"an archive inside {_DEEPEST} others")
        return
    try:
        yield from _unpacked(member, scratch, leave_out, depth)
    except _DamagedArchiveError as error:
        leave_out(member.name, str(error))


class _DamagedArchiveError(DatasetError):
    """An archive that cannot be read to its end."""


def _unpacked(
    member: Member, scratch: Path, leave_out: Callable[[str, str], None], depth: int
) -> Iterator[Member]:
    prefix = "" if depth == 0 else f"{member.name}/"
    content = _zip if member.path.name.lower().endswith(".zip") else _tar
    entries = content(member, leave_out)
    while True:
        # Errors of the archive are damage; errors of the caller, which runs at `yield`, are not.
        try:
            entry = next(entries, None)
            if entry is None:
                return
            name, size, stream = entry
            if _is_junk(name):
                continue
            free = shutil.disk_usage(scratch).free
            if size > free:
                msg = f"{member.name}: {name} has {size} bytes, but {scratch} has {free} left"
                raise DatasetError(msg)
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                path = Path(folder) / PurePosixPath(name).name
                with path.open("wb") as out:
                    # In blocks of 1 MiB: members of several GB must not be held in memory.
                    shutil.copyfileobj(stream, out, 1 << 20)
                stream.close()
                yield from _file(Member(prefix + name, path), scratch, leave_out, depth + 1)
        except _DAMAGE as error:
            # An OSError with a number comes from the disk; gzip and bz2 raise one without for bad
            # data.
            if isinstance(error, OSError) and error.errno is not None:
                msg = f"cannot unpack {member.name}: {error}"
                raise DatasetError(msg) from error
            msg = (
                f"{member.name} is damaged or incomplete ({type(error).__name__}: "
                f"{error or 'it ends too early'}). Get it again: `ms25 data download` resumes and "
                f"checks what it gets"
            )
            raise _DamagedArchiveError(msg) from error


def _zip(
    member: Member, leave_out: Callable[[str, str], None]
) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size and content of each member."""
    with zipfile.ZipFile(member.path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            # All names are checked before the first byte is unpacked.
            safe_name(entry.filename, member.name)
        for entry in sorted(entries, key=lambda e: natural_key(e.filename)):
            name = safe_name(entry.filename, member.name)
            # Bit 0 of the general purpose flag marks an encrypted member (PKWARE's APPNOTE,
            # 4.4.4).
            if entry.flag_bits & 0x1:
                leave_out(name, "encrypted")
                continue
            # Unix marks symbolic links in the upper half of the attributes.
            if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                leave_out(name, "a link")
                continue
            yield name, entry.file_size, archive.open(entry)


def _tar(
    member: Member, leave_out: Callable[[str, str], None]
) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size and content of each member."""
    with tarfile.open(member.path) as archive:
        for entry in archive:
            if entry.isdir():
                continue
            name = safe_name(entry.name, member.name)
            # Links and devices are never followed: a link in an archive may lead out of it.
            stream = archive.extractfile(entry) if entry.isreg() else None
            if stream is None:
                if not _is_junk(name):
                    leave_out(name, "a link or device")
                continue
            yield name, entry.size, stream


def _is_junk(name: str) -> bool:
    """Whether a file was left by a file manager or by version control."""
    parts = PurePosixPath(name).parts
    return any(part in _JUNK or part == ".git" for part in parts) or parts[-1].startswith("._")
