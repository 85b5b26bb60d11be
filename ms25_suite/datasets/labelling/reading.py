"""Labels of the frames of any source, in eV, eV/Å and eV/Å^3.

The unit of a label is, in this order: what a person states; what the frames state; that of the
program which wrote the label, where the frames tell it; for usual names, that of the suite. A label
whose key leaves two readings open is decided by what the numbers do (`evidence`), or refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.names import parse_name
from ms25_suite.datasets.columns.unread import says
from ms25_suite.datasets.formats.stated_units import (
    in_suite_units,
    unit_names,
    units_of_frames,
)
from ms25_suite.datasets.formats.units import Quantity, Units, factor
from ms25_suite.datasets.labelling.bare_energy import BARE_ENERGY, is_of_cp2k, named_labels
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["UndecidedUnitError", "read_labels", "to_angstrom"]

_OF_CP2K: Final = Units(energy="hartree", forces="hartree/bohr")
"""CP2K computes and prints in atomic units, unless its input asks for others."""

_SAME: Final = 1e-6
"""Largest relative difference of two copies of an energy, one of them converted perhaps by another
value of the hartree: CODATA 1986 and 2018 differ by 4e-8, 27.2114 and 27.211386 by 5e-7."""


class UndecidedUnitError(LabelError):
    """The unit of labels is not known: their key leaves several open, and nothing decides."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Units of labels, and how they are known."""

    units: Units
    because: str = ""


def read_labels(
    images: Sequence[Atoms],
    keys: LabelKeys,
    where: str,
    *,
    partial: bool = True,
    fixed: bool = False,
    counts: Sequence[int] = (),
) -> FoundLabels:
    """Labels of some frames, in the units of the suite.

    Parameters
    ----------
    images
        Frames as ASE read them.
    keys
        Keys and units that a person states.
    where
        Name of the source, for messages.
    partial
        As for `find_labels`.
    fixed
        Whether the format of the frames fixes their units to eV and Å.
    counts
        Number of frames of each file, in order; empty for one file.

    Raises
    ------
    LabelError
        As by `find_labels`.
    UndecidedUnitError
        The unit of a label is not known.
    DatasetError
        Units are stated for some labels only, or differ between frames.
    """
    if fixed:
        return find_labels(images, keys, where, partial=partial)
    found = find_labels(images, named_labels(images, keys, where), where, partial=partial)
    reading = _reading(images, found, keys, where, counts)
    labels, note = in_suite_units(found.labels, found.keys, reading.units, where, reading.because)
    if note is None:
        return found
    text = f"{reading.units.completed()} ({reading.because})"
    return replace(found, labels=labels, findings=(*found.findings, note), units=text)


def to_angstrom(images: Sequence[Atoms], units: Units) -> None:
    """Convert positions and cells of frames whose unit of length a person states."""
    scale = factor("length", units.length) if units.length else 1.0
    if scale != 1.0:
        for atoms in images:
            atoms.set_cell(atoms.cell * scale, scale_atoms=False)
            atoms.positions *= scale


def _reading(
    images: Sequence[Atoms],
    found: FoundLabels,
    keys: LabelKeys,
    where: str,
    counts: Sequence[int],
) -> _Reading:
    if keys.units.stated:
        # Positions have been converted already.
        return _Reading(replace(keys.units.completed(), length=""), "stated by the user")
    stated = units_of_frames(images, where)
    if stated.stated:
        if stated.length and factor("length", stated.length) != 1.0:
            msg = (
                f"{where} states lengths in {stated.length}; expected Å. Convert its positions "
                f"and cells"
            )
            raise DatasetError(msg)
        return _Reading(stated, "stated by the frames")
    cp2k = is_of_cp2k(images, counts)
    if found.keys.get("energy") == BARE_ENERGY:
        if not cp2k:
            raise UndecidedUnitError(_both_readings(found, where))
        return _of_cp2k(
            found,
            where,
            "as CP2K writes them: `E` is beside `i` and `time`, or the file names CP2K",
        )
    if cp2k and _copied(images, found):
        return _of_cp2k(
            found,
            where,
            f"as CP2K writes them: `{found.keys['energy']}` repeats CP2K's `E`",
        )
    return _Reading(Units())


def _copied(images: Sequence[Atoms], found: FoundLabels) -> bool:
    """Whether the energies are those under ``E``, to the last digit."""
    energy = found.labels.energy
    if energy is None:
        return False
    bare = np.array(
        [float(np.reshape(atoms.info.get(BARE_ENERGY, np.nan), ())) for atoms in images]
    )
    both = np.isfinite(energy) & np.isfinite(bare)
    return bool(both.any()) and np.allclose(energy[both], bare[both], rtol=_SAME, atol=0.0)


def _of_cp2k(found: FoundLabels, where: str, because: str) -> _Reading:
    columns = unit_names(found.labels, found.keys)
    if "stress" in columns and parse_name(found.keys["stress"]) is not None:
        kind: Quantity = columns["stress"]
        msg = (
            f"{where}: energy and forces are in hartree and hartree/bohr, {because}; but the unit "
            f"of `{found.keys['stress']}` is not known: CP2K prints a stress in GPa or bar, ASE "
            f"holds it in eV/Å^3. State it: --units "
            f"energy=hartree,forces=hartree/bohr,{kind}=… , or leave it out: --keys stress=none"
        )
        raise UndecidedUnitError(msg)
    known = {name: unit for name, unit in _OF_CP2K.stated.items() if name in columns.values()}
    return _Reading(Units(**known), because)


def _both_readings(found: FoundLabels, where: str) -> str:
    """Message for energies under ``E`` that may be in eV or in hartree."""
    arrays = [key for key in found.unread.get("forces", ()) if says("forces", key)]
    named = f" with --keys energy={BARE_ENERGY} forces={arrays[0]}" if arrays else ""
    atomic = {name: unit for name, unit in _OF_CP2K.stated.items() if name in found.keys}
    option = ",".join(f"{name}={unit}" for name, unit in atomic.items())
    entry = ", ".join(f'{name} = "{unit}"' for name, unit in atomic.items())
    return (
        f"{where}: the unit of `{BARE_ENERGY}` is not known: eV or hartree? CP2K writes hartree "
        f"under this key, with `i` and `time` beside it; others write eV. State it: --units "
        f"{option} or --units energy=eV{named}; in a card, [labels] units = {{ {entry} }}"
    )
