"""LAMMPS as the calculator of reference labels: start it, and hand it paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ms25_suite.core.errors import LammpsNotInstalledError, ReferenceCalculatorError
from ms25_suite.lammps import instance as session
from ms25_suite.lammps.instance import INSTALL, SILENT, load_mpi

__all__ = ["INSTALL", "SILENT", "lammps_version", "load_mpi", "open_lammps", "quoted"]


def open_lammps(arguments: Sequence[str] = SILENT) -> Any:
    """A new instance of LAMMPS; the caller closes it.

    Raises
    ------
    ReferenceCalculatorError
        The package ``lammps`` is missing, or its library cannot be loaded.
    """
    try:
        return session.open_lammps(arguments)
    except LammpsNotInstalledError as error:
        msg = (
            "the reference labels of this dataset need LAMMPS: expected the packages `lammps` "
            f"and `mpich` in this environment, found: {error.__cause__}; run {INSTALL}"
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
