"""Reading configurations of moment tensor potentials (``.cfg`` of MLIP) with motep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import CONVERGED_KEY
from ms25_suite.datasets.formats.species import element_list

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["is_mtp_cfg", "read_mtp"]

_HEAD: Final = 10_000


def is_mtp_cfg(path: Path) -> bool:
    """Whether a file begins as a ``.cfg`` of MLIP does; AtomEye's have the same extension."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return re.search(r"^\s*BEGIN_CFG\s*$", file.read(_HEAD), re.MULTILINE) is not None
    except OSError:
        return False


def read_mtp(path: Path, species: Sequence[str]) -> list[Atoms]:
    """Frames of a ``.cfg``: Å, eV, eV/Å, and ``PlusStress`` in eV, compression positive.

    Parameters
    ----------
    path
        The file.
    species
        Elements in the order of the types, which the file numbers from zero.

    Raises
    ------
    DatasetError
        The elements are not given or too few, the file is cut off, or motep is not installed or
        cannot read it.
    """
    text = path.read_text("utf-8", "replace")
    # motep returns what a file that is cut off holds of its last configuration.
    begun = len(re.findall(r"^\s*BEGIN_CFG", text, re.MULTILINE))
    ended = len(re.findall(r"^\s*END_CFG", text, re.MULTILINE))
    if begun != ended:
        msg = f"{path} is cut off or damaged: {begun} BEGIN_CFG, but {ended} END_CFG"
        raise DatasetError(msg)
    n_types = _n_types(text, path)
    if not species:
        known = " ".join(["…"] * n_types)
        msg = (
            f"{path} is a .cfg of MLIP, which numbers the elements: type 0"
            + (f" to {n_types - 1}" if n_types > 1 else "")
            + f". State them in this order: --species {known}"
        )
        raise DatasetError(msg)
    elements = element_list(species, "--species")
    if len(elements) < n_types:
        msg = (
            f"{path} has the types 0 to {n_types - 1}, but --species names {len(elements)} "
            f"element{'' if len(elements) == 1 else 's'}: {' '.join(elements)}"
        )
        raise DatasetError(msg)
    try:
        from motep.io.mlip.cfg import read_cfg
    except ImportError as error:
        msg = f"{path} is a .cfg of MLIP, which motep reads: pip install 'ms25-suite[mtp]'"
        raise DatasetError(msg) from error
    try:
        images: list[Atoms] = read_cfg(str(path), index=":", species=elements)
    except Exception as error:  # motep raises anything on a damaged file
        msg = f"{path} cannot be read by motep: {type(error).__name__}: {error or 'no message'}"
        raise DatasetError(msg) from error
    for atoms in images:
        # What `mlp convert-cfg` writes for an OUTCAR whose electrons did not converge.
        if "not_converged" in str(atoms.info.get("EFS_by", "")).lower():
            atoms.info[CONVERGED_KEY] = False
    return images


def _n_types(text: str, path: Path) -> int:
    """One more than the largest type."""
    largest, place, n_columns = 0, None, 0
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in ("AtomData:", "Atomic_data:"):
            if "type" not in words:
                msg = f"{path}: expected a column `type` in AtomData, found {' '.join(words[1:])}"
                raise DatasetError(msg)
            place, n_columns = words.index("type") - 1, len(words) - 1
        elif place is not None:
            # The rows of atoms end where a line has another form.
            if len(words) == n_columns and words[place].isdecimal():
                largest = max(largest, int(words[place]))
            else:
                place = None
    return largest + 1
