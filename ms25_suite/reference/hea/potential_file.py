"""The EAM potential of the HEA data: where its file is found, and that it is the right one."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import cache_dir, file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError

__all__ = ["ELEMENTS", "FILE_NAME", "SHA256", "URL", "find_potential_file"]

FILE_NAME: Final = "FeNiCrCoCu-with-ZBL.eam.alloy"
"""Name of the file (LAMMPS ``setfl``) in the NIST Interatomic Potentials Repository."""

SHA256: Final = "6b05f4802efb0ee485f615eb3c769537fb34d85245be7a05d843c1d4b8e4e6b1"
"""SHA-256 of that file, 1,148,517 bytes."""

PAGE: Final = (
    "https://www.ctcms.nist.gov/potentials/entry/"
    "2021--Deluigi-O-R-Pasianot-R-C-Valencia-F-J-et-al--Fe-Ni-Cr-Co-Cu/"
    "2021--Deluigi-O-R--Fe-Ni-Cr-Co-Cu--LAMMPS--ipr1.html"
)
"""Page of the potential, implementation 2021--Deluigi-O-R--Fe-Ni-Cr-Co-Cu--LAMMPS--ipr1."""

URL: Final = (
    "https://www.ctcms.nist.gov/potentials/Download/"
    f"2021--Deluigi-O-R-Pasianot-R-C-Valencia-F-J-et-al--Fe-Ni-Cr-Co-Cu/1/{FILE_NAME}"
)
"""Address of the file, as NIST's own record of the implementation gives it (its ``artifact``)."""

ELEMENTS: Final = ("Fe", "Ni", "Cr", "Co", "Cu")
"""Elements in the order of the file."""

_VARIABLE: Final = "MS25_POTENTIAL_FILE"


def find_potential_file(path: Path | None = None) -> Path:
    """File of the potential that labels the HEA data, its checksum verified.

    The first of these decides: ``path``, the environment variable ``MS25_POTENTIAL_FILE``, the
    cache, a download from the NIST Interatomic Potentials Repository into the cache. The file
    is not shipped, because its terms do not say that others may pass it on.

    Parameters
    ----------
    path
        File given by the user (``--potential-file``); None to look for it.

    Raises
    ------
    ReferenceCalculatorError
        The given file does not exist or has another checksum, or the download failed.

    References
    ----------
    O. R. Deluigi et al., Acta Mater. 213 (2021) 116951, doi:10.1016/j.actamat.2021.116951;
    NIST Interatomic Potentials Repository, doi:10.18434/m37.
    """
    if path is not None:
        return _verified(path, "--potential-file")
    from_environment = os.environ.get(_VARIABLE)
    if from_environment:
        return _verified(Path(from_environment), _VARIABLE)
    cached = cache_dir("potentials") / FILE_NAME
    if cached.is_file() and file_sha256(cached) == SHA256:
        return cached
    return _download(cached)


def _verified(path: Path, source: str) -> Path:
    advice = f"give the file {FILE_NAME} by --potential-file; it is at {PAGE}"
    if not path.is_file():
        msg = f"expected the potential {FILE_NAME} at {path} ({source}), found no file: {advice}"
        raise ReferenceCalculatorError(msg)
    found = file_sha256(path)
    if found != SHA256:
        msg = (
            f"{path} ({source}) is not the potential that labelled the data: "
            f"expected sha256 {SHA256}, found {found}; {advice}"
        )
        raise ReferenceCalculatorError(msg)
    return path.resolve()


def _download(target: Path) -> Path:
    import pooch

    # Pooch announces each download and prints the hash: not ours to say.
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        pooch.retrieve(URL, known_hash=f"sha256:{SHA256}", fname=target.name, path=target.parent)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a bad hash ValueError
        msg = (
            f"cannot download the potential of the HEA data: expected sha256 {SHA256} at {URL}, "
            f"found: {error}; fetch {FILE_NAME} by hand from {PAGE} and give it by "
            f"--potential-file, or set {_VARIABLE}"
        )
        raise ReferenceCalculatorError(msg) from error
    finally:
        logger.setLevel(level)
    return target
