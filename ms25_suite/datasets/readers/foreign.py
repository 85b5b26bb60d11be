"""Reading the files of other programs, for an import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.cards.card import NO_LABELS, LabelKeys
from ms25_suite.datasets.formats.cp2k import is_cp2k_output
from ms25_suite.datasets.formats.deepmd import is_deepmd_folder, read_deepmd
from ms25_suite.datasets.formats.mtp import is_mtp_cfg, read_mtp
from ms25_suite.datasets.formats.npz import read_npz
from ms25_suite.datasets.formats.pymatgen_json import is_pymatgen_json, read_pymatgen_json
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.readers.files import installed_reader, is_data_file, read_images

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Asked", "read_foreign"]


_NOT_POSITIONS: Final = re.compile(r"-(frc|vel)-\d+\.xyz$")
"""Names of CP2K's trajectories of forces and velocities, which look like structures."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says about files to import.

    Parameters
    ----------
    keys
        Keys of the labels where they have unusual names.
    units
        Units of the labels where the files are not in eV and Å.
    species
        Elements in the order of the types, for formats that number them.
    """

    keys: LabelKeys = field(default_factory=LabelKeys)
    units: Units = field(default_factory=Units)
    species: tuple[str, ...] = ()

    @property
    def label_keys(self) -> LabelKeys:
        """Keys of the labels, and their units."""
        return replace(self.keys, units=self.units) if self.units.stated else self.keys

    @property
    def named(self) -> dict[str, str]:
        """Quantity to key, of those that are named."""
        keys = self.keys
        pairs = {"energy": keys.energy, "forces": keys.forces, "stress": keys.stress}
        return {name: key for name, key in pairs.items() if key not in (None, NO_LABELS)}


def read_foreign(path: Path, asked: Asked) -> tuple[Iterator[Atoms], bool]:
    """Frames of a file or folder of any format.

    Parameters
    ----------
    path
        The file; a folder only if it is one of DeePMD-kit.
    asked
        What a person says about it.

    Returns
    -------
    :
        The frames, and whether the format fixes their units to eV and Å.

    Raises
    ------
    DatasetError
        The file cannot be read, or the format needs what is not stated.
    """
    if path.is_dir():
        if not is_deepmd_folder(path):
            raise DatasetError(_folder_hint(path))
        return _fixed(read_deepmd(path, asked.species), asked, path), True
    if not path.is_file() or installed_reader(path) is not None:
        return _fixed(read_images(path, any_format=True), asked, path), True
    if path.suffix.lower() == ".npz":
        return read_npz(path, keys=asked.named, units=asked.units), True
    if is_pymatgen_json(path):
        return read_pymatgen_json(path, keys=asked.named, units=asked.units), True
    if path.suffix.lower() == ".cfg" and is_mtp_cfg(path):
        return _fixed(iter(read_mtp(path, asked.species)), asked, path), True
    if is_cp2k_output(path):
        return _fixed(read_images(path, any_format=True), asked, path), True
    if is_data_file(path):
        other = _NOT_POSITIONS.search(path.name)
        if other is not None:
            msg = (
                f"{path} is a trajectory of CP2K of {other[1]}, whose numbers are no positions; "
                f"those are in {path.name.replace(other[1], 'pos')}"
            )
            raise DatasetError(msg)
        return read_images(path), False
    # ASE converts what its formats hold. Its JSON may hold anything, as extended XYZ does.
    images = read_images(path, any_format=True)
    free = path.name.lower().removesuffix(".gz").endswith((".json", ".bundle"))
    return (images, False) if free else (_fixed(images, asked, path), True)


def _fixed(images: Iterator[Atoms], asked: Asked, path: Path) -> Iterator[Atoms]:
    """The frames of a format whose units are known."""
    if asked.units.stated:
        msg = f"{path}: its format fixes the units (eV, Å); leave out --units"
        raise DatasetError(msg)
    return images


def _folder_hint(path: Path) -> str:
    """What a person may have meant who gives a folder."""
    inside = sorted(path.iterdir())
    systems = [entry for entry in inside if is_deepmd_folder(entry)]
    files = [entry for entry in inside if entry.is_file() and is_data_file(entry)]
    names = _some(inside)
    if systems:
        what = f"folders of DeePMD-kit ({_some(systems)}). Name them: {path}/{_glob(systems)}"
    elif files:
        what = (
            f"{names}. Name its files ({path}/{files[0].name} …), or judge the folder as it is: "
            f"--dataset={path}"
        )
    elif inside:
        what = f"{names}. Name the files to import: {path}/{inside[0].name} …"
    else:
        what = "nothing"
    return f"{path} is a folder, with {what}"


def _some(entries: Sequence[Path], most: int = 5) -> str:
    shown = ", ".join(entry.name + ("/" if entry.is_dir() else "") for entry in entries[:most])
    return shown + (", …" if len(entries) > most else "")


def _glob(entries: Sequence[Path]) -> str:
    return entries[0].name if len(entries) == 1 else "*"
