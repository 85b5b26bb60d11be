"""The EAM potential of the HEA data: find its file, or download it, and verify it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import cache_dir, file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.text.progress import progress
from ms25_suite.reference.calculators.parameter_files import verified_file

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

_ADVICE: Final = f"give the file {FILE_NAME} by --potential-file; it is at {PAGE}"


def find_potential_file(path: Path | None = None) -> Path:
    """Find the file of the potential that labels the HEA data, and verify its checksum.

    The first of these is used: ``path``, the environment variable ``MS25_POTENTIAL_FILE``, the
    cache, a download from the NIST Interatomic Potentials Repository into the cache. The file
    is not shipped, because its terms do not say that it may be redistributed.

    Parameters
    ----------
    path
        File given by the user (``--potential-file``); None to search for it.

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
        return verified_file(path, SHA256, source="--potential-file", advice=_ADVICE)
    from_environment = os.environ.get(_VARIABLE)
    if from_environment:
        return verified_file(Path(from_environment), SHA256, source=_VARIABLE, advice=_ADVICE)
    cached = cache_dir("potentials") / FILE_NAME
    if cached.is_file() and file_sha256(cached) == SHA256:
        return cached
    return _download(cached)


def _download(target: Path) -> Path:
    import pooch

    # Pooch logs every download with its hash, which would disturb the progress bars.
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with progress(f"downloading {FILE_NAME}"):
            pooch.retrieve(URL, f"sha256:{SHA256}", fname=target.name, path=target.parent)
    except (
        OSError,
        ValueError,
    ) as error:  # errors of requests are OSErrors, a wrong hash is a ValueError
        msg = (
            f"cannot download the potential of the HEA data: expected sha256 {SHA256} at {URL}, "
            f"found: {error}; fetch {FILE_NAME} by hand from {PAGE} and give it by "
            f"--potential-file, or set {_VARIABLE}"
        )
        raise ReferenceCalculatorError(msg) from error
    finally:
        logger.setLevel(level)
    return target
