"""LAMMPS for reference labels and sampling: start it, run it, and read its positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.errors import LammpsNotInstalledError, ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.lammps import instance
from ms25_suite.lammps.instance import INSTALL, SILENT

__all__ = ["lammps_session", "lammps_version", "open_lammps", "quoted", "unwrapped_positions"]


def open_lammps(arguments: Sequence[str] = SILENT) -> Any:
    """Start an instance of LAMMPS; the caller closes it.

    Raises
    ------
    ReferenceCalculatorError
        The package ``lammps`` is missing, or its library cannot be loaded.
    """
    try:
        return instance.open_lammps(arguments)
    except LammpsNotInstalledError as error:
        msg = (
            "the reference labels of this dataset need LAMMPS: expected the packages `lammps` "
            f"and `mpich` in this environment, found: {error.__cause__}; run {INSTALL}"
        )
        raise ReferenceCalculatorError(msg) from error


@contextmanager
def lammps_session(what: str) -> Iterator[Any]:
    """Instance of LAMMPS for one run; it is closed at the end of the block.

    Parameters
    ----------
    what
        The run in words, for messages.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or the block raised anything.
    """
    lammps = open_lammps()
    try:
        yield lammps
    except ReferenceCalculatorError:
        raise
    except Exception as error:  # LAMMPS' exception class is only known once it is imported
        msg = f"LAMMPS failed in {what}: {error}"
        raise ReferenceCalculatorError(msg) from error
    finally:
        lammps.close()


def lammps_version() -> int:
    """Version of LAMMPS as a date, for instance 20250722.

    A build reads it before any worker starts: a missing LAMMPS is then reported only once.

    Raises
    ------
    ReferenceCalculatorError
        As `open_lammps`.
    """
    lammps = open_lammps()
    version = int(lammps.version())
    lammps.close()
    return version


def unwrapped_positions(lammps: Any, cell: FloatArray) -> FloatArray:
    """Positions of all atoms in the order of their numbers, not wrapped into the cell.

    Parameters
    ----------
    lammps
        Running instance.
    cell
        Cell vectors as rows in Å, shape ``(3, 3)``.

    Returns
    -------
    :
        Positions in Å in the coordinates of LAMMPS, shape ``(n_atoms, 3)``.
    """
    # 1: floating point numbers, 0: integers; 3 for each atom, ordered by atom number.
    wrapped = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    images = np.array(lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
    # Image flags count crossed boundaries; without them a molecule or a trajectory would be torn.
    return np.asarray(wrapped + images @ cell, dtype=np.float64)


def quoted(path: Path) -> str:
    """Path as one word of a LAMMPS command, even where it contains spaces.

    Raises
    ------
    ReferenceCalculatorError
        The path contains a character that LAMMPS would interpret within quotes.
    """
    text = str(path)
    if any(character in text for character in '"$\n'):
        msg = f'expected a path without the characters " and $, found {text}: move the file'
        raise ReferenceCalculatorError(msg)
    return f'"{text}"'
