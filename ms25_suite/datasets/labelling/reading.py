"""Labels of the frames of any source, in eV, eV/Å and eV/Å^3.

The unit of a label is, in this order: what a person states; what the frames state; that of the
program which wrote the label, where the frames tell it; for usual names, that of the suite. A label
whose key leaves two readings open is decided by what the numbers do (`evidence`), or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.surroundings import at_symmetric_sites, evenly
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.names import parse_name, words_of
from ms25_suite.datasets.formats.stated_units import in_suite_units, unit_names, units_of_frames
from ms25_suite.datasets.formats.units import Units, factor
from ms25_suite.datasets.labelling.bare_energy import (
    BARE_ENERGY,
    bare_energies,
    has_bare_energy,
    has_header,
    is_of_cp2k,
    named_labels,
)
from ms25_suite.datasets.labelling.open_units import (
    Decision,
    UndecidedUnitError,
    units_by_cp2k,
    units_by_header,
    units_by_numbers,
)
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["DOUBTS", "NOT_STATED", "UndecidedUnitError", "read_labels", "to_angstrom"]

DOUBTS: Final = frozenset({"units-untested", "units-contradicted", "zero-forces"})
"""Codes of findings about labels as they were in their files: converted frames do not show them."""


NOT_STATED: Final = Units()
"""Units of which nobody says anything."""

_SAME: Final = 1e-6
"""Largest relative difference of two copies of one energy in one unit; text files have 10 digits.
"""


_UNTESTED: Final = (
    "The labels are read in the units of CP2K because of its header, and nothing confirms it: "
    "energies that somebody has converted to eV look the same. State the unit: --units "
    "energy=hartree or energy=eV; in a card, [labels] units."
)
_SUITE: Final = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å^3", "virial": "eV"}

_LOOKED_AT: Final = 10
"""Frames whose symmetry is looked at."""

_OTHER_UNITS: Final = frozenset(
    {
        *("hartree", "hartrees", "ha", "eh", "au", "ry", "rydberg", "kcal", "kj", "mev"),
        *("bohr", "nm", "gpa", "mpa", "kbar", "bar"),
    }
)
"""Words of a key that name another unit than that of the suite."""


def read_labels(
    images: Sequence[Atoms],
    keys: LabelKeys,
    where: str,
    *,
    partial: bool = True,
    fixed: bool = False,
    counts: Sequence[int] = (),
    prior: Units = NOT_STATED,
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
    prior
        Units that were found for frames of the same file whose keys leave the unit open.

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
    found, doubts = _without_zeros(images, found)
    reading = _reading(images, found, keys, where, counts, prior)
    if keys.units.stated:
        doubts += _contradiction(images, found, keys, where, counts)
    if reading.doubt:
        found = _without_stress(found, keys, reading.doubt)
        why = reading.doubt.removeprefix(f"{where}: ")
        doubts.append(Finding("stress-unit-unknown", f"The stress was left out: {why}."))
    if not reading.tested:
        doubts.append(Finding("units-untested", _UNTESTED))
    found = replace(found, findings=(*found.findings, *doubts))
    labels, note = in_suite_units(found.labels, found.keys, reading.units, where, reading.because)
    if note is None and not reading.because:
        return found
    # That a doubtful label was in the units of the suite is worth a word too.
    text = f"{reading.units.completed()}, {reading.because}"
    cautions = "".join(f". {doubt.message.removesuffix('.')}" for doubt in doubts)
    if note is None:
        if keys.units.stated or units_of_frames(images, where).stated:
            return found
        note = Finding("units-decided", f"The labels are taken to be in {text}.", "note")
    findings = (*found.findings, note)
    return replace(
        found, labels=labels, findings=findings, units=text + cautions, decided=reading.units
    )


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
    prior: Units,
) -> Decision:
    if keys.units.stated:
        # Positions have been converted already.
        return Decision(replace(keys.units.completed(), length=""), "stated by the user")
    stated = units_of_frames(images, where)
    if stated.stated:
        if stated.length and factor("length", stated.length) != 1.0:
            msg = (
                f"{where} states lengths in {stated.length}; expected Å. Convert its positions "
                f"and cells"
            )
            raise DatasetError(msg)
        return Decision(stated, "stated by the frames")
    _refuse_other_unit(keys, where)
    decide = _open_units(images, found, counts)
    if decide is not None:
        if prior.stated:
            open_ = set(unit_names(found.labels, found.keys).values()) - set(prior.stated)
            doubt = f"{where}: the unit of {' and '.join(open_)} is not known" if open_ else ""
            return Decision(prior, "as the frames before in the same file", doubt)
        return decide(images, found, where, keys.atom_energies)
    return Decision(Units())


def _open_units(
    images: Sequence[Atoms], found: FoundLabels, counts: Sequence[int]
) -> Callable[..., Decision] | None:
    """What finds the units of labels whose keys leave them open; None where they do not."""
    cp2k = is_of_cp2k(images, counts)
    if found.keys.get("energy") == BARE_ENERGY:
        return units_by_cp2k if cp2k else units_by_numbers
    if cp2k and _copied(images, found):
        return units_by_cp2k
    # An energy in eV beside a bare `E` in hartree has been converted.
    headed = found.labels.energy is not None and not has_bare_energy(images) and has_header(images)
    return units_by_header if headed and _of_no_method(found) else None


def _of_no_method(found: FoundLabels) -> bool:
    """Whether the names of the labels are plain ones, which promise no unit."""
    names = [parse_name(found.keys[name]) for name in ("energy", "forces") if name in found.keys]
    return all(name is not None and name.family == "" for name in names)


def _contradiction(
    images: Sequence[Atoms],
    found: FoundLabels,
    keys: LabelKeys,
    where: str,
    counts: Sequence[int],
) -> list[Finding]:
    """A warning where labels are found to be in other units than a person states."""
    decide = _open_units(images, found, counts)
    if decide is None:
        return []
    try:
        other = decide(images, found, where, keys.atom_energies)
    except UndecidedUnitError:
        return []
    if not other.tested:
        # Only the program speaks for other units: a person knows better who converted the labels.
        return []
    stated = replace(keys.units.completed(), length="")
    names = [name for name in stated.stated if name in other.units.stated]
    if all(
        np.isclose(factor(name, stated.stated[name]), factor(name, other.units.stated[name]))
        for name in names
    ):
        return []
    return [
        Finding(
            "units-contradicted",
            f"The labels are read as {stated}, as stated. They seem to be {other.units}, "
            f"{other.because}.",
        )
    ]


def _without_zeros(
    images: Sequence[Atoms], found: FoundLabels
) -> tuple[FoundLabels, list[Finding]]:
    """The labels without forces that are exactly zero everywhere, which is what stands for none.

    Energies under CP2K's header often stand beside them: its trajectories have no forces, and a
    calculator of ASE wants some. By symmetry they are zero in an undistorted crystal only.
    """
    forces = found.labels.forces
    if forces is None or not is_of_cp2k(images) or np.any(np.asarray(forces) != 0.0):
        return found, []
    frames = Frames.from_atoms(images)
    whole = [
        at_symmetric_sites(frames, index, np.ones(int(frames.n_atoms[index]), dtype=bool)).all()
        for index in evenly(np.flatnonzero(~found.isolated), _LOOKED_AT).tolist()
    ]
    if all(whole):
        return found, []
    text = f"All forces under `{found.keys['forces']}` are exactly zero: they are taken as missing."
    keys = {name: own for name, own in found.keys.items() if name != "forces"}
    found = replace(found, labels=replace(found.labels, forces=None), keys=keys)
    return found, [Finding("zero-forces", text)]


def _without_stress(found: FoundLabels, keys: LabelKeys, doubt: str) -> FoundLabels:
    """The labels without a stress whose unit is not known, unless a person asks for it."""
    if keys.stress is not None or keys.virial is not None:
        raise UndecidedUnitError(doubt)
    key = found.keys["stress"]
    return replace(
        found,
        labels=replace(found.labels, stress=None),
        keys={name: own for name, own in found.keys.items() if name != "stress"},
        unread=found.unread | {"stress": (key,)},
    )


def _copied(images: Sequence[Atoms], found: FoundLabels) -> bool:
    """Whether the energies are those under ``E``, to the last digit."""
    energy = found.labels.energy
    if energy is None:
        return False
    bare = bare_energies(images)
    both = np.isfinite(energy) & np.isfinite(bare)
    return bool(both.any()) and np.allclose(energy[both], bare[both], rtol=_SAME, atol=0.0)


def _refuse_other_unit(keys: LabelKeys, where: str) -> None:
    """Refuse a key that a person names, and whose own words are those of another unit."""
    for name, key in keys.named.items():
        words = sorted(_OTHER_UNITS.intersection(words_of(key)))
        if words:
            msg = (
                f"{where}: the name of `{key}` says {' '.join(words)}, but its unit is not stated: "
                f"--units {name}=…, or {name}={_SUITE[name]} if the name is wrong"
            )
            raise UndecidedUnitError(msg)
