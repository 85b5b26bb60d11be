"""The files of an archive: which of them hold frames, and their frames in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.formats.cp2k import is_cp2k_output
from ms25_suite.datasets.formats.npz import read_npz
from ms25_suite.datasets.readers.files import installed_reader, read_images

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["NotFramesError", "read_chunks"]

_CHUNK: Final = 500
"""Frames that are in memory at a time."""

_DOCUMENTS: Final = (
    ".bib",
    ".c",
    ".cff",
    ".cfg",
    ".cpp",
    ".csv",
    ".doc",
    ".docx",
    ".f90",
    ".gif",
    ".h",
    ".htm",
    ".html",
    ".ipynb",
    ".jpeg",
    ".jpg",
    ".lock",
    ".md",
    ".model",
    ".nequip",
    ".pdf",
    ".png",
    ".pptx",
    ".pt",
    ".pt2",
    ".pth",
    ".py",
    ".rst",
    ".sh",
    ".sub",
    ".svg",
    ".tex",
    ".toml",
    ".xlsx",
    ".yaml",
    ".yml",
)
"""Extensions of what lies beside data. ASE would guess a format for some of them."""

_PACKED: Final = (".7z", ".rar", ".zst", ".lz4", ".lzma")

_DOCUMENT_NAMES: Final = (
    "readme",
    "licen",
    "changelog",
    # Inputs of VASP, and its files of structures without labels.
    "incar",
    "kpoints",
    "potcar",
    "poscar",
    "contcar",
    "xdatcar",
    "oszicar",
)


class NotFramesError(Exception):
    """A file holds no frames and is not meant to: a document, an input, a model file."""


def read_chunks(path: Path) -> Iterator[list[Atoms]]:
    """Frames of any file that ASE or an installed reader reads, some hundred at a time.

    Raises
    ------
    NotFramesError
        The file is a document, or has no format that ASE recognises.
    DatasetError
        It is damaged.
    """
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    name = path.name.lower()
    # Before ASE's guesses: a package that registers a reader knows its format best.
    if installed_reader(path) is not None:
        images = read_images(path)
    elif path.suffix.lower() == ".npz":
        images = read_npz(path)
    else:
        if name.endswith(_DOCUMENTS) or name.startswith(_DOCUMENT_NAMES):
            raise NotFramesError
        if path.stat().st_size == 0:
            msg = "it is empty (0 bytes)"
            raise DatasetError(msg)
        try:
            # For files whose content ASE does not recognise, `filetype` returns the extension.
            known = is_cp2k_output(path) or filetype(str(path)) in ioformats
        except (UnknownFileTypeError, UnicodeDecodeError):
            known = False
        except Exception as error:  # ASE's guesses raise anything
            msg = f"its format cannot be recognised: {type(error).__name__}: {error}"
            raise DatasetError(msg) from error
        if name.endswith(_PACKED):
            msg = "archives of this kind are not supported: unpack it, and name the folder"
            raise DatasetError(msg)
        if not known:
            raise NotFramesError
        images = read_images(path, any_format=True)
    chunk: list[Atoms] = []
    try:
        for atoms in images:
            chunk.append(atoms)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    except DatasetError:
        # The frames before the damage are valid.
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
