"""Units of labels, and their factors to those of the suite.

A number without a unit is that of the suite (eV, Å) only where the format says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Final, Literal, Self

from ms25_suite.core.errors import DatasetError, UsageError

__all__ = ["QUANTITY_WORDS", "UNIT_NAMES", "Quantity", "Units", "UnknownUnitError", "factor"]

Quantity = Literal["energy", "forces", "stress", "virial", "length"]

UNIT_NAMES: Final = (
    "energy and virial in eV, meV, hartree, Ry, kcal/mol, kJ/mol; forces in one of these per Å, "
    "bohr or nm; stress in eV/Å^3, GPa, kbar, bar, hartree/bohr^3 (a minus before it: pressure "
    "positive, as in VASP); length in Å, bohr, nm"
)
"""What `Units` reads, for messages."""

QUANTITY_WORDS: Final[dict[str, Quantity]] = {
    "e": "energy",
    "energy": "energy",
    "energies": "energy",
    "f": "forces",
    "force": "forces",
    "forces": "forces",
    "gradient": "forces",
    "s": "stress",
    "stress": "stress",
    "stresses": "stress",
    "virial": "virial",
    "virials": "virial",
    "r": "length",
    "length": "length",
    "distance": "length",
    "position": "length",
    "positions": "length",
    "coord": "length",
    "coords": "length",
    "coordinates": "length",
}
"""Words that name a quantity beside ``unit`` in a key: ``e_unit``, ``energy_units``."""


class UnknownUnitError(DatasetError, ValueError):
    """A unit is unknown; also a ``ValueError``, as which cards report it."""


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the labels of some frames; empty where nothing is stated.

    Parameters
    ----------
    energy, forces, stress, virial, length
        As in `UNIT_NAMES`.

    Raises
    ------
    UnknownUnitError
        A unit is unknown.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "str_strip_whitespace": True}

    energy: str = ""
    forces: str = ""
    stress: str = ""
    virial: str = ""
    length: str = ""

    def __post_init__(self) -> None:
        for name, unit in self.stated.items():
            factor(name, unit)

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Units from words such as ``energy=kcal/mol``, also several joined by commas.

        Raises
        ------
        UsageError
            A word has another form, names an unknown quantity or unit, or another unit than the
            words before.
        """
        given: dict[str, str] = {}
        for pair in (part.strip() for word in words for part in word.split(",")):
            name, _, unit = pair.partition("=")
            quantity = QUANTITY_WORDS.get(name.strip().lower())
            if quantity is None or not unit.strip():
                known = ", ".join(field.name for field in fields(cls))
                msg = f"expected --units QUANTITY=UNIT with QUANTITY one of {known}, got {pair!r}"
                raise UsageError(msg)
            if given.setdefault(quantity, unit.strip()) != unit.strip():
                msg = (
                    f"--units states two units of the {quantity}, {given[quantity]} and "
                    f"{unit.strip()}; expected one"
                )
                raise UsageError(msg)
        try:
            return cls(**given)
        except DatasetError as error:
            raise UsageError(str(error)) from error

    @property
    def stated(self) -> dict[Quantity, str]:
        """Quantity to unit, of those that are stated."""
        return {
            field.name: unit  # type: ignore[misc]
            for field in fields(self)
            if (unit := getattr(self, field.name))
        }

    def __str__(self) -> str:
        return ", ".join(f"{name} in {unit}" for name, unit in self.stated.items())

    def completed(self) -> Units:
        """The same, with the forces that follow from energy and length."""
        if self.energy and self.length and not self.forces:
            return replace(self, forces=f"{self.energy}/{self.length}")
        return self

    def factors(self, needed: Iterable[Quantity], where: str) -> dict[Quantity, float]:
        """Factor to the unit of the suite, of each quantity that the frames have.

        Parameters
        ----------
        needed
            Quantities that the frames have.
        where
            Name of the file, for messages.

        Raises
        ------
        DatasetError
            Some of them are stated, but not all.
        """
        units = self.completed()
        missing = [name for name in needed if name not in units.stated]
        # Who computed an energy in eV gave the other numbers in eV and Å as well.
        plain = all(factor(name, unit) == 1.0 for name, unit in units.stated.items())
        if missing and units.stated and not plain:
            msg = (
                f"{where}: the units are stated for some labels only ({units}), not for "
                f"{' and '.join(missing)}. State them too: --units "
                + " ".join(f"{name}=…" for name in [*units.stated, *missing])
                + " (ms25 data import), or units = {…} in the table [labels] of a card"
            )
            raise DatasetError(msg)
        return {name: factor(name, unit) for name, unit in units.stated.items()}


_PER_LENGTH: Final = re.compile(r"/?(angstroms?|ang|å|bohr|a0|nm|a)-([13])")
"""A length to the power of -1 or -3: ``eV Å^-3``."""


def factor(quantity: Quantity, unit: str) -> float:
    """What a number of a quantity is multiplied with to be in eV, Å, eV/Å or eV/Å^3.

    Raises
    ------
    UnknownUnitError
        The unit is unknown.
    """
    # Superscripts and the sign for Å have several code points, which this makes one.
    plain = unicodedata.normalize("NFKC", unit).lower().replace("\u2212", "-")
    text = re.sub(r"[\s*^·]+", "", plain)
    text = _PER_LENGTH.sub(lambda found: f"/{found[1]}{'3' if found[2] == '3' else ''}", text)
    text = re.sub(r"/\(?mol[.]?(?=.)/?", "/mol/", text.replace("mol-1", "/mol").replace("//", "/"))
    text = text.rstrip(")").replace("/(", "/")
    sign = -1.0 if quantity == "stress" and text.startswith("-") else 1.0
    text = text.removeprefix("-") if quantity == "stress" else text
    found = _value(quantity, text)
    if found is None:
        msg = f"unknown unit {unit!r} of the {quantity}; expected {UNIT_NAMES}"
        raise UnknownUnitError(msg)
    return sign * found


def _value(quantity: Quantity, text: str) -> float | None:
    energies, lengths, pressures = _tables()
    if quantity in ("energy", "virial"):
        return energies.get(text)
    if quantity == "length":
        return lengths.get(text)
    if quantity == "stress" and text in pressures:
        return pressures[text]
    if text in ("a.u.", "au", "atomic"):
        text = "hartree/bohr" if quantity == "forces" else "hartree/bohr3"
    energy, _, length = text.rpartition("/")
    power = 1
    if quantity == "stress":
        if not length.endswith("3"):
            return None
        power, length = 3, length.removesuffix("3")
    if energy not in energies or length not in lengths:
        return None
    return energies[energy] / lengths[length] ** power


def _tables() -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Energies in eV, lengths in Å, pressures in eV/Å^3."""
    from ase import units

    hartree, rydberg, bohr = float(units.Hartree), float(units.Rydberg), float(units.Bohr)
    energies = {
        "ev": 1.0,
        "electronvolt": 1.0,
        "mev": 1e-3,
        **dict.fromkeys(("hartree", "hartrees", "ha", "eh", "e_h", "a.u.", "au"), hartree),
        **dict.fromkeys(("ry", "ryd", "rydberg", "rydbergs"), rydberg),
        **dict.fromkeys(("kcal/mol", "kcalpermol"), float(units.kcal / units.mol)),
        **dict.fromkeys(("kj/mol", "kjpermol"), float(units.kJ / units.mol)),
    }
    lengths = {
        **dict.fromkeys(("å", "\u212b", "a", "ang", "angstrom", "angstroms", "ångström"), 1.0),
        **dict.fromkeys(("bohr", "bohrs", "a0", "a_0", "a.u.", "au"), bohr),
        "nm": 10.0,
        "pm": 0.01,
    }
    pressures = {
        "gpa": float(units.GPa),
        "mpa": float(units.GPa) * 1e-3,
        "kbar": float(units.GPa) * 0.1,
        "kb": float(units.GPa) * 0.1,
        "bar": float(units.GPa) * 1e-4,
    }
    return energies, lengths, pressures
