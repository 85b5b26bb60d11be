"""The paper's levels of theory, read from ``recipes/*.toml``: every setting with where it is from.

References
----------
Maxson et al., JCIM 2025 (MS25), Computational Methods.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from ms25_suite.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["CHANGED", "Recipe", "Setting", "find_recipe", "known_recipes", "refuse_frame"]

CHANGED: Final = "changed by the caller"
"""Reason of a setting that is no longer the recipe's own."""

_SMALLEST_VOLUME_A3: Final = 1e-3
"""Å^3. A cell below this has no volume; an atom takes some Å^3."""


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
        Its value, in the unit that the code expects unless the value says another.
    source
        Words of the paper; or the reason of the suite's choice, where the paper is silent.
    from_paper
        Which of the two.
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
class Recipe:
    """How the labels of one dataset of the paper were computed.

    Parameters
    ----------
    name
        Name of the system.
    member
        Dataset of the system, such as ``mgo-4x4``.
    members
        All datasets of the system that the recipe knows; the first is that of its name.
    title
        One line for people.
    elements
        Chemical symbols that it has settings for.
    code
        ``cp2k``, ``vasp``, or ``lammps`` where the labels are those of a potential.
    paper_version
        Version of the code in the paper.
    level_of_theory
        One line, as dataset cards state it.
    energy
        Which of the energies of the code is the label.
    reference
        ``module:function`` of the suite's own calculator, where that is the paper's.
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
    level_of_theory: str
    energy: str
    reference: str
    settings: tuple[Setting, ...]

    def section(self, name: str) -> dict[str, Any]:
        """Values of one section, by key; empty if there is no such section."""
        return {item.key: item.value for item in self.settings if item.section == name}

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Take other values for some settings, by their names.

        The result is no longer the paper's level of theory: for tests, and to see how much a
        setting matters.

        Raises
        ------
        UsageError
            The recipe has no setting of such a name.
        """
        known = [item.name for item in self.settings]
        for name in values:
            if name not in known:
                msg = f"the recipe {self.name} has no setting {name!r}{_hint(name, known)}"
                raise UsageError(msg)
        settings = tuple(
            replace(item, value=values[item.name], source=CHANGED, from_paper=False)
            if item.name in values
            else item
            for item in self.settings
        )
        return replace(self, settings=settings)


def known_recipes() -> tuple[str, ...]:
    """Names of the systems that have a recipe, sorted."""
    return tuple(sorted(_tables()))


def find_recipe(name: str) -> Recipe:
    """Recipe of a system or dataset, by name or alias, in any case.

    Parameters
    ----------
    name
        A system (``water``), one of its datasets (``water-192``), or an alias of either.

    Raises
    ------
    UsageError
        There is none; the message has the closest name and all names.
    """
    from ms25_suite.datasets.registry import builtin_card

    wanted = name.strip().lower()
    tables = _tables()
    for table in tables.values():
        members = table["members"]
        if wanted in members:
            return _recipe(table, wanted)
        if wanted == table["name"] or wanted in table["aliases"]:
            return _recipe(table, members[0])
    card = builtin_card(wanted)
    for table in tables.values():
        if card is not None and card.name in table["members"]:
            return _recipe(table, card.name)
    known = sorted({*tables, *(member for table in tables.values() for member in table["members"])})
    msg = f"there is no recipe for {name!r}{_hint(wanted, known)} Known: {', '.join(known)}"
    raise UsageError(msg)


def refuse_frame(recipe: Recipe, atoms: Atoms) -> None:
    """Refuse a frame that the recipe cannot label.

    Raises
    ------
    UsageError
        It has no atoms, elements that the recipe has no settings for, no full periodicity, no
        volume or numbers that are not finite; its number of electrons is odd where the recipe
        pairs them; or it is another dataset of the system, which has other k-points.
    """
    if len(atoms) == 0:
        msg = "expected a frame with atoms, found one without"
        raise UsageError(msg)
    unknown = sorted(set(atoms.get_chemical_symbols()) - set(recipe.elements))
    if unknown:
        msg = (
            f"the recipe {recipe.name} has settings for {' '.join(recipe.elements)}, the frame "
            f"also holds {' '.join(unknown)}: the paper has no level of theory for it. Take the "
            f"recipe of its own system: {', '.join(known_recipes())}"
        )
        raise UsageError(msg)
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        msg = "expected finite positions and cell vectors, found some that are not"
        raise UsageError(msg)
    if not atoms.pbc.all() or abs(np.linalg.det(atoms.cell.array)) < _SMALLEST_VOLUME_A3:
        msg = (
            f"the recipe {recipe.name} expects a cell that is periodic in three directions, found "
            f"pbc {atoms.pbc} and cell {atoms.cell.array.tolist()}. Put the frame into a cell"
        )
        raise UsageError(msg)
    if recipe.code == "cp2k" and int(atoms.numbers.sum()) % 2:
        msg = (
            f"{atoms.symbols} has an odd number of electrons: the paper's calculations pair them. "
            "Is an atom missing?"
        )
        raise UsageError(msg)
    _refuse_other_member(recipe, atoms)


def _refuse_other_member(recipe: Recipe, atoms: Atoms) -> None:
    from ms25_suite.datasets.published.systems import UnknownSystemError, recognise

    try:
        found = recognise(atoms)
    except UnknownSystemError:
        return
    if found == recipe.member or found not in recipe.members:
        return
    theirs = {item.name: item.value for item in find_recipe(found).settings}
    mine = {item.name: item.value for item in find_recipe(recipe.member).settings}
    different = [f"{key} {theirs[key]}" for key in theirs if theirs[key] != mine.get(key)]
    if different:
        msg = (
            f"the frame is one of {found}, for which the paper has {', '.join(different)}: "
            f"ask for the recipe {found}"
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


def _recipe(table: Mapping[str, Any], member: str) -> Recipe:
    own = table.get("member-settings", {}).get(member, {})
    return Recipe(
        name=table["name"],
        member=member,
        members=tuple(table["members"]),
        title=table["title"],
        elements=tuple(table["elements"]),
        code=table["code"],
        paper_version=table["paper_version"],
        level_of_theory=table["level_of_theory"],
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
