"""Reading files of frames: with ASE, or with the reader of an installed package."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.documents.files import refuse_irregular
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import IntArray
from ms25_suite.datasets.formats.cp2k import is_cp2k_output, read_cp2k_output
from ms25_suite.datasets.readers.extxyz import (
    Layout,
    parse_header,
    scan_layout,
    unnamed_columns,
)
from ms25_suite.datasets.readers.outputs import database_rows, output_frames, trajectory_frames
from ms25_suite.datasets.readers.registry import InstalledReader, find_reader
from ms25_suite.environments.assertions import import_with_assertions

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "FORMATS",
    "data_suffix",
    "format_key",
    "frame_sizes",
    "installed_reader",
    "is_data_file",
    "read_images",
    "stem",
]

FORMATS: Final = {".extxyz": "extxyz", ".xyz": "extxyz", ".traj": "traj", ".db": "db"}
"""ASE's format of each file name extension that datasets may have."""

_COMPRESSED = (".xz", ".gz", ".bz2")

_MOST_PLAIN: Final = 1 << 30
_MOST_RATIO: Final = 200
"""A file may unpack to 1 GiB, or to 200 times its size; texts of frames to some ten times."""

_DAMAGED = (EOFError, lzma.LZMAError, zlib.error, OSError)
"""Errors of the readers of compressed files for damage."""


def data_suffix(path: Path) -> str:
    """Extension of the format, with that of the compression: ``.extxyz.xz``."""
    suffixes = path.suffixes
    if suffixes and suffixes[-1].lower() in _COMPRESSED:
        return "".join(suffixes[-2:])
    return path.suffix


def stem(path: Path) -> str:
    """Name without the extensions of format and compression."""
    return path.name.removesuffix(data_suffix(path)) or path.name


def is_data_file(path: Path) -> bool:
    """Whether a file is one that ``--dataset`` reads, by its name or for an installed reader.

    Raises
    ------
    DatasetError
        An installed reader is broken.
    """
    if _own_format(path) is not None:
        return True
    is_card = path.suffix.lower() == ".toml"
    return not is_card and path.is_file() and installed_reader(path) is not None


def format_key(path: Path) -> str:
    """How a file is read, for the key of the cache: its extension, and the installed reader.

    Raises
    ------
    DatasetError
        An installed reader is broken.
    """
    suffix = data_suffix(path).lower()
    reader = installed_reader(path)
    return suffix if reader is None else f"{suffix} {reader.identity}"


def installed_reader(path: Path) -> InstalledReader | None:
    """Reader of an installed package for a file; None where the suite reads it itself, or none can.

    Raises
    ------
    DatasetError
        Several readers recognise the file, or a reader is broken.
    """
    return None if _own_format(path) is not None else find_reader(path)


def _own_format(path: Path) -> str | None:
    """ASE's name of the format of a file that the suite itself reads; None for any other file."""
    suffix = data_suffix(path).lower()
    if not suffix:
        return None
    # ".extxyz.xz" is ".extxyz" plus compression.
    plain = f".{suffix.split('.')[1]}"
    format_ = FORMATS.get(plain)
    # Only extended XYZ may be compressed.
    return format_ if suffix == plain or format_ == "extxyz" else None


def read_images(path: Path, *, any_format: bool = False) -> Iterator[Atoms]:
    """Frames of a file, one after the other.

    Parameters
    ----------
    path
        File with one of the extensions in `FORMATS` (extended XYZ may be compressed), or one that
        the reader of an installed package recognises.
    any_format
        Also read outputs of CP2K, and let ASE guess the format of any other file.

    Raises
    ------
    DatasetError
        The format is unknown, the file cannot be read, or it holds no frames.
    """
    refuse_irregular(path, "the frames", DatasetError)
    format_, reader = _own_format(path), installed_reader(path)
    if format_ is None and reader is None and not any_format:
        msg = (
            f"{path}: the extension {data_suffix(path) or '(none)'!r} is not that of a dataset; "
            f"expected {', '.join(FORMATS)} (extended XYZ also compressed: "
            f"{', '.join(_COMPRESSED)}) or a card (.toml). "
            f"`ms25 data import {path} --out {stem(path)}.extxyz` converts other formats"
        )
        raise DatasetError(msg)
    if path.stat().st_size == 0:
        msg = f"{path} is empty (0 bytes): it holds no frames"
        raise DatasetError(msg)
    if format_ == "extxyz" and not any_format:
        _refuse_unnamed(path)
    n_frames = 0
    for atoms in _frames(path, format_) if reader is None else reader.read(path):
        if len(atoms) == 0:
            msg = f"{path}: frame {n_frames} has no atoms"
            raise DatasetError(msg)
        n_frames += 1
        yield atoms
    if n_frames == 0:
        msg = f"{path} holds no frames"
        raise DatasetError(msg)


def frame_sizes(path: Path) -> IntArray:
    """Number of atoms of each frame of a file.

    Of extended XYZ only the layout is read, not the numbers.

    Raises
    ------
    DatasetError
        The file cannot be read, or its layout disagrees with its headers.
    """
    if _own_format(path) != "extxyz":
        return np.array([len(atoms) for atoms in read_images(path)], dtype=np.int64)
    try:
        with _plain(path, "extxyz") as source:
            layout = _layout(source)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as extxyz: {error}"
        raise DatasetError(msg) from error
    if layout.problem:
        msg = f"{path} cannot be read as extxyz: {layout.problem}"
        raise DatasetError(msg)
    return np.array(layout.sizes, dtype=np.int64)


def _refuse_unnamed(path: Path) -> None:
    """Refuse a file with columns that could be forces, but have no name."""
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "rt") as text:
            n_columns = unnamed_columns(text)
    except (*_DAMAGED, UnicodeDecodeError):
        return  # reading the frames says what is wrong
    if n_columns >= 3:
        msg = (
            f"{path}: its rows have {n_columns} columns behind the position, but its header does "
            f"not name them (no `Properties`), so they would be ignored. If the first three are "
            f"forces, write Properties=species:S:1:pos:R:3:forces:R:3"
            + (f":rest:R:{n_columns - 3}" if n_columns > 3 else "")
            + " into the second line of each frame"
        )
        raise DatasetError(msg)


def _layout(source: IO[str] | str) -> Layout:
    if isinstance(source, str):
        with Path(source).open(encoding="utf-8") as text:
            return scan_layout(text)
    layout = scan_layout(source)
    source.seek(0)
    return layout


def _frames(path: Path, format_: str | None) -> Iterator[Atoms]:
    """Frames by the reader of the format, with its many exceptions turned into one."""
    import ase.io

    import_with_assertions("ase.io.extxyz")

    count = 0
    if format_ is None:
        yield from read_cp2k_output(path) if is_cp2k_output(path) else output_frames(path)
        return
    try:
        with _plain(path, format_) as source:
            # ASE does not name the damaged line, and overlooks some damage.
            layout = _layout(source) if format_ == "extxyz" else None
            if layout is not None and layout.problem:
                # ASE would first look for the frames of the whole file, and count on for hours
                # where a number of atoms is damaged: it gets the sound ones only.
                source = _sound_part(source, layout)
            options = {"properties_parser": parse_header} if format_ == "extxyz" else {}
            if format_ == "db":
                images = database_rows(path)
            elif format_ == "traj":
                images = trajectory_frames(str(path))
            else:
                images = ase.io.iread(source, index=":", format=format_, **options)
            for atoms in images if layout is None or layout.sizes else ():
                count += 1
                yield atoms
            if layout is not None and layout.problem:
                msg = f"{path} cannot be read as extxyz: {layout.problem}"
                raise DatasetError(msg)
    # GeneratorExit: the caller stopped early, which is no damage.
    except (GeneratorExit, DatasetError):
        raise
    except Exception as error:  # ASE's readers raise anything on a damaged file
        what = f"frame {count} raised {type(error).__name__}: {error or 'no message'}"
        msg = f"{path} cannot be read as {format_}: {what}"
        raise DatasetError(msg) from error


def _sound_part(source: IO[str] | str, layout: Layout) -> IO[str]:
    """The lines of the sound frames of a file: the number of atoms, the header, and the atoms."""
    n_lines = sum(layout.sizes) + 2 * len(layout.sizes)
    with Path(source).open(encoding="utf-8") if isinstance(source, str) else source as text:
        return io.StringIO("".join(itertools.islice(text, n_lines)))


@contextmanager
def _plain(path: Path, format_: str) -> Iterator[IO[str] | str]:
    """Argument for ASE's reader: the path, or an unpacked copy of a compressed file.

    The reader of extended XYZ first runs through the file and then seeks to each frame. In a
    compressed file each seek unpacks it from the start: 1000 frames of 64 atoms took 3 minutes.
    """
    suffix = path.suffix.lower()
    if format_ != "extxyz" or suffix not in _COMPRESSED:
        yield str(path)
        return
    openers: dict[str, Callable[..., Any]] = {
        ".xz": lzma.open,
        ".gz": gzip.open,
        ".bz2": bz2.open,
    }
    with openers[suffix](path, "rb") as packed, tempfile.TemporaryFile("w+b") as plain:
        try:
            _copy(packed, plain, max(_MOST_PLAIN, _MOST_RATIO * path.stat().st_size))
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # it is the disk
            msg = (
                f"{path} is truncated or damaged ({type(error).__name__}: {error}). Get the file "
                f"again"
            )
            raise DatasetError(msg) from error
        plain.seek(0)
        with io.TextIOWrapper(plain, encoding="utf-8") as text:
            yield text


def _copy(packed: IO[bytes], plain: IO[bytes], most: int) -> None:
    n_bytes = 0
    while block := packed.read(1 << 20):
        n_bytes += len(block)
        if n_bytes > most:
            msg = f"it unpacks to more than {most} bytes"
            raise OSError(msg)
        plain.write(block)
