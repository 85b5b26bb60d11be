"""Readers of file formats that installed packages bring.

A package names a subclass of `Reader` by an entry point of the group ``ms25_suite.readers``. Entry
points are loaded when a file turns up that the suite does not read itself, never at import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from ms25_suite.core.entry_points import contributions
from ms25_suite.core.errors import DatasetError

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["GROUP", "InstalledReader", "Reader", "find_reader", "installed_readers"]

GROUP: Final = "ms25_suite.readers"
"""Group of the entry points of readers."""


class Reader(ABC):
    """Base class of a reader of a file format."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    """Extensions of the files of this format, in lower case with their dot: ``(".jsonl",)``."""

    def recognises(self, path: Path) -> bool:
        """Whether a file is of this format; by default, if its name ends with a suffix.

        Override it to look into the file. It is called for files of any kind and must not raise.
        """
        return path.name.lower().endswith(self.suffixes)

    @abstractmethod
    def read(self, path: Path) -> Iterable[Atoms]:
        """Frames of a file, in order, with their labels.

        Labels are in the units of the suite and under its names: ``info["REF_energy"]`` (eV),
        ``arrays["REF_forces"]`` (eV/Å, shape ``(n_atoms, 3)``) and ``info["REF_stress"]``
        (eV/Å^3, tension positive, xx yy zz yz xz xy); a frame may lack the stress.
        """


@dataclass(frozen=True, slots=True)
class InstalledReader:
    """A reader and the package that brings it.

    Parameters
    ----------
    name
        Name of its entry point.
    package, version
        The package.
    reader
        The reader.
    """

    name: str
    package: str
    version: str
    reader: Reader

    @property
    def identity(self) -> str:
        """Name, package and version: what is read may change with each of them."""
        return f"{self.name} of {self.package} {self.version}"

    def recognises(self, path: Path) -> bool:
        """Whether the reader takes a file to be of its format.

        Raises
        ------
        DatasetError
            The reader raised.
        """
        try:
            return bool(self.reader.recognises(path))
        except Exception as error:  # other people's code raises anything
            msg = f"{path}: the reader {self.identity} raised {type(error).__name__}: {error}"
            raise DatasetError(msg) from error

    def read(self, path: Path) -> Iterator[Atoms]:
        """Frames of a file.

        Raises
        ------
        DatasetError
            The reader raised, or gave something else than frames.
        """
        from ase import Atoms

        count = 0
        try:
            for atoms in self.reader.read(path):
                if not isinstance(atoms, Atoms):
                    msg = f"expected ase.Atoms, got {type(atoms).__name__}"
                    raise TypeError(msg)
                yield atoms
                count += 1
        except (GeneratorExit, DatasetError):
            raise
        except Exception as error:  # other people's code raises anything
            msg = (
                f"{path} cannot be read by the reader {self.identity}: frame {count} raised "
                f"{type(error).__name__}: {error or 'no message'}"
            )
            raise DatasetError(msg) from error


@cache
def installed_readers() -> tuple[InstalledReader, ...]:
    """Readers of all installed packages.

    Raises
    ------
    DatasetError
        An entry point cannot be loaded, or names something else than a reader.
    """
    readers = []
    for found in contributions(GROUP, DatasetError):
        kind = found.content
        if not (isinstance(kind, type) and issubclass(kind, Reader)):
            msg = (
                f"the installed package {found.package} is broken: its entry point {found.name!r} "
                f"({GROUP}) must name a subclass of {Reader.__module__}.Reader, found {kind!r}"
            )
            raise DatasetError(msg)
        try:
            reader = kind()
        except Exception as error:  # other people's code raises anything
            msg = (
                f"the installed package {found.package} is broken: its reader {found.name!r} "
                f"cannot be made: {type(error).__name__}: {error}"
            )
            raise DatasetError(msg) from error
        readers.append(InstalledReader(found.name, found.package, found.version, reader))
    return tuple(readers)


def find_reader(path: Path) -> InstalledReader | None:
    """Reader of an installed package that recognises a file; None if there is none.

    Raises
    ------
    DatasetError
        Several of them do, or a reader is broken.
    """
    found = [reader for reader in installed_readers() if reader.recognises(path)]
    if len(found) > 1:
        names = " and ".join(reader.identity for reader in found)
        msg = f"{path} is recognised by several readers: {names}. Uninstall all but one of them"
        raise DatasetError(msg)
    return found[0] if found else None
