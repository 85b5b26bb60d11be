"""The paper's levels of theory, read from the TOML files beside: every setting with its source.

References
----------
Maxson et al., JCIM 2025 (MS25), Computational Methods.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "LevelOfTheory",
    "Setting",
    "find_level_of_theory",
    "known_systems",
    "refuse_frame",
]

_SMALLEST_VOLUME_A3: Final = 1e-3
"""Smallest volume of a cell in Å^3; an atom occupies a few Å^3."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a calculation.

    Parameters
    ----------
    section
        Section of CP2K's input (``FORCE_EVAL/DFT/MGRID``), or file of VASP (``INCAR``,
        ``KPOINTS``, ``POTCAR``).
    key
        Keyword or tag.
    value
        Its value, in the default unit of the code unless the value states another one.
    source
        Words of the paper; or the reason for the suite's choice, where the paper does not say.
    from_paper
        Whether ``source`` are words of the paper.
    """

    section: str
    key: str
    value: Any
    source: str
    from_paper: bool

    @property
    def name(self) -> str:
        """Section and key."""
        return f"{self.section}/{self.key}"


@dataclass(frozen=True, slots=True)
class LevelOfTheory:
    """How the labels of one dataset of the paper were computed.

    Parameters
    ----------
    name
        Name of the system.
    member
        Dataset of the system, such as ``mgo-4x4``.
    members
        All datasets of the system that have settings; the first one is the default.
    title
        Title of the system.
    elements
        Chemical symbols that have settings.
    code
        ``cp2k``, ``vasp``, or ``lammps`` where an interatomic potential computes the labels.
    paper_version
        Version of the code in the paper.
    summary
        Level of theory in one line, as in dataset cards.
    energy
        Which energy of the code's output is the label.
    reference
        ``module:function`` of the suite's own calculator, where that is the paper's; else empty.
    settings
        All settings, in the order of the file.
    """

    name: str
    member: str
    members: tuple[str, ...]
    title: str
    elements: tuple[str, ...]
    code: str
    paper_version: str
    summary: str
    energy: str
    reference: str
    settings: tuple[Setting, ...]

    def section(self, name: str) -> dict[str, Any]:
        """Values of one section, by key; empty if there is no such section."""
        return {item.key: item.value for item in self.settings if item.section == name}


def known_systems() -> tuple[str, ...]:
    """Names of the systems with a level of theory, sorted."""
    return tuple(sorted(_tables()))


def find_level_of_theory(name: str) -> LevelOfTheory:
    """Find the level of theory of a system or dataset, by name or alias, in any case.

    Parameters
    ----------
    name
        A system (``water``), one of its datasets (``water-192``), or an alias of either.

    Raises
    ------
    UsageError
        There is none; the message contains the closest name and all names.
    """
    from ms25_suite.datasets.registry import builtin_card

    wanted = name.strip().lower()
    tables = _tables()
    for table in tables.values():
        members = table["members"]
        if wanted in members:
            return _level(table, wanted)
        if wanted == table["name"] or wanted in table["aliases"]:
            return _level(table, members[0])
    card = builtin_card(wanted)
    for table in tables.values():
        if card is not None and card.name in table["members"]:
            return _level(table, card.name)
    known = sorted({*tables, *(member for table in tables.values() for member in table["members"])})
    msg = (
        f"there is no level of theory for {name!r}{_hint(wanted, known)} Known: {', '.join(known)}"
    )
    raise UsageError(msg)


def refuse_frame(level: LevelOfTheory, atoms: Atoms) -> None:
    """Refuse a frame that cannot be labelled at this level of theory.

    Raises
    ------
    UsageError
        It has no atoms, elements without settings, no full periodicity, no volume, or numbers
        that are not finite; its number of electrons is odd in a calculation without spin
        polarisation; or it belongs to another dataset of the system, which has other k-points.
    """
    if len(atoms) == 0:
        msg = "expected a frame with atoms, found an empty one"
        raise UsageError(msg)
    unknown = sorted(set(atoms.get_chemical_symbols()) - set(level.elements))
    if unknown:
        msg = (
            f"the level of theory {level.name} has settings for {' '.join(level.elements)}, the "
            f"frame also contains {' '.join(unknown)}. Use the level of theory of its own system: "
            f"{', '.join(known_systems())}"
        )
        raise UsageError(msg)
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        msg = "expected finite positions and cell vectors, found some that are not"
        raise UsageError(msg)
    if not atoms.pbc.all() or abs(np.linalg.det(atoms.cell.array)) < _SMALLEST_VOLUME_A3:
        msg = (
            f"the level of theory {level.name} expects a cell that is periodic in three "
            f"directions, found pbc {atoms.pbc} and cell {atoms.cell.array.tolist()}. Put the "
            "frame into a cell"
        )
        raise UsageError(msg)
    # Pseudopotentials leave out closed shells, so the number of valence electrons has the parity
    # of the sum of the atomic numbers.
    if level.code == "cp2k" and int(atoms.numbers.sum()) % 2:
        msg = (
            f"{atoms.symbols} has an odd number of electrons, but the paper's calculations are not "
            "spin-polarised. Is an atom missing?"
        )
        raise UsageError(msg)
    _refuse_other_member(level, atoms)


def _refuse_other_member(level: LevelOfTheory, atoms: Atoms) -> None:
    from ms25_suite.datasets.published.systems import UnknownSystemError, recognise

    try:
        # MgO 2x2 and 4x4 have different k-point grids at the same elements.
        found = recognise(atoms)
    except UnknownSystemError:
        return
    if found == level.member or found not in level.members:
        return
    theirs = {item.name: item.value for item in find_level_of_theory(found).settings}
    mine = {item.name: item.value for item in find_level_of_theory(level.member).settings}
    different = [f"{key} {theirs[key]}" for key in theirs if theirs[key] != mine.get(key)]
    if different:
        msg = (
            f"the frame is one of {found}, for which the paper uses {', '.join(different)}: "
            f"use the level of theory {found}"
        )
        raise UsageError(msg)


def _tables() -> dict[str, dict[str, Any]]:
    folder = files("ms25_suite.reference.level_of_theory")
    tables = (
        tomllib.loads(entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )
    return {table["name"]: table for table in tables}


def _level(table: Mapping[str, Any], member: str) -> LevelOfTheory:
    # Only the k-points differ between the cells of one system: a longer edge needs fewer.
    own = table.get("member-settings", {}).get(member, {})
    return LevelOfTheory(
        name=table["name"],
        member=member,
        members=tuple(table["members"]),
        title=table["title"],
        elements=tuple(table["elements"]),
        code=table["code"],
        paper_version=table["paper_version"],
        summary=table["level_of_theory"],
        energy=table["energy"],
        reference=table.get("reference", ""),
        settings=(*_settings(table.get("settings", {})), *_settings(own)),
    )


def _settings(sections: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[Setting]:
    for section, entries in sections.items():
        for key, entry in entries.items():
            from_paper = "paper" in entry
            source = entry["paper"] if from_paper else entry["choice"]
            yield Setting(section, key, entry["value"], source, from_paper)


def _hint(name: str, known: list[str]) -> str:
    return f".{did_you_mean(name, known, cutoff=0.5)}"
