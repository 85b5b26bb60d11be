"""Units of labels: as a person states them, or as a file states them beside its numbers.

A number without a unit is that of the suite (eV, Å) only where the format says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Labels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "CP2K_HEADER",
    "UNIT_NAMES",
    "Units",
    "factor",
    "in_suite_units",
    "is_unit_key",
    "stated_units",
]

Quantity = Literal["energy", "forces", "stress", "virial", "length"]

UNIT_NAMES: Final = (
    "energy and virial in eV, meV, hartree, Ry, kcal/mol, kJ/mol; forces in one of these per Å, "
    "bohr or nm; stress in eV/Å^3, GPa, kbar, bar, hartree/bohr^3 (a minus before it: pressure "
    "positive, as in VASP); length in Å, bohr, nm"
)
"""What `Units` reads, for messages."""

_WORDS: Final[dict[str, Quantity]] = {
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


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the labels of some frames; empty where nothing is stated.

    Parameters
    ----------
    energy, forces, stress, virial, length
        As in `UNIT_NAMES`.

    Raises
    ------
    DatasetError
        A unit is unknown.
    """

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
            A word has another form, or names an unknown quantity or unit.
        """
        given: dict[str, str] = {}
        for pair in (part.strip() for word in words for part in word.split(",")):
            name, _, unit = pair.partition("=")
            quantity = _WORDS.get(name.strip().lower())
            if quantity is None or not unit.strip():
                known = ", ".join(field.name for field in fields(cls))
                msg = f"expected --units QUANTITY=UNIT with QUANTITY one of {known}, got {pair!r}"
                raise UsageError(msg)
            given[quantity] = unit.strip()
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
                + " (ms25 data import)"
            )
            raise DatasetError(msg)
        return {name: factor(name, unit) for name, unit in units.stated.items()}


def factor(quantity: Quantity, unit: str) -> float:
    """What a number of a quantity is multiplied with to be in eV, Å, eV/Å or eV/Å^3.

    Raises
    ------
    DatasetError
        The unit is unknown.
    """
    text = re.sub(r"\s+", "", unit.lower().replace("*", "").replace("^", ""))
    text = re.sub(r"/\(?mol[·.]?(?=.)/?", "/mol/", text.replace("mol-1", "/mol").replace("//", "/"))
    text = text.rstrip(")").replace("/(", "/")
    sign = -1.0 if quantity == "stress" and text.startswith("-") else 1.0
    text = text.removeprefix("-") if quantity == "stress" else text
    found = _value(quantity, text)
    if found is None:
        msg = f"unknown unit {unit!r} of the {quantity}; expected {UNIT_NAMES}"
        raise DatasetError(msg)
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
        **dict.fromkeys(("ry", "rydberg"), rydberg),
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


def is_unit_key(key: str) -> bool:
    """Whether a key is the name of a unit: ``e_unit``, ``energy_units``, ``units``."""
    return _unit_of(key) is not None


def _unit_of(key: str) -> Quantity | Literal["all"] | None:
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", key).lower()
    parts = [word for word in re.split(r"[^a-z]+", words) if word]
    if not {"unit", "units"} & set(parts):
        return None
    others = [word for word in parts if word not in ("unit", "units", "property", "dict", "ref")]
    if not others:
        return "all"
    # Other words, such as `time` or `dipole`, name what is no label.
    return next((_WORDS[word] for word in others if word in _WORDS), None)


def stated_units(values: Mapping[str, Any], where: str) -> Units:
    """Units that a file states beside its numbers.

    Parameters
    ----------
    values
        Metadata: keys such as ``e_unit``, ``energy_unit``, ``units``, ``_property_unit_dict``
        (SchNetPack) with their values.
    where
        Name of the file, for messages.

    Raises
    ------
    DatasetError
        A unit is unknown, or it is not said of what.
    """
    given: dict[str, str] = {}
    for key, value in values.items():
        quantity = _unit_of(str(key))
        if quantity is None:
            continue
        value = _unpacked(value)
        if isinstance(value, Mapping):
            for name, unit in value.items():
                known = _WORDS.get(str(name).lower())
                if known is not None and unit:
                    given[known] = _plain(unit)
        elif quantity == "all":
            text = _plain(value)
            if text.lower() in _SYSTEMS:
                given |= _SYSTEMS[text.lower()]
            else:
                msg = (
                    f"{where} states {key} = {text!r}, but not of which labels. State it of each: "
                    f"--units energy=… forces=… (ms25 data import)"
                )
                raise DatasetError(msg)
        else:
            given[quantity] = _plain(value)
    try:
        return Units(**given)
    except DatasetError as error:
        msg = f"{where}: {error}"
        raise DatasetError(msg) from error


CP2K_HEADER: Final = frozenset({"i", "time", "E"})
"""Keys in the header of each frame of a trajectory of CP2K; its energies are in hartree."""

_SYSTEMS: Final[dict[str, dict[str, str]]] = {
    # What is in eV and Å needs no conversion.
    "ev": {"energy": "eV", "forces": "eV/Å"},
    "ase": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å^3"},
    "metal": {"energy": "eV", "forces": "eV/Å", "length": "Å"},
}
"""Systems of units that say enough."""


def _unpacked(value: Any) -> Any:
    """A table of units; info keys of frames hold one as text."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _plain(value: object) -> str:
    """Text of a unit; NumPy archives hold arrays of one text, also of bytes."""
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _entries(atoms: Atoms, keys: Mapping[str, str]) -> dict[str, str]:
    """What a frame states about units."""
    found = {str(key): str(value) for key, value in atoms.info.items() if is_unit_key(str(key))}
    if atoms.info.keys() >= CP2K_HEADER and keys.get("energy") == "E":
        found.setdefault("E_unit", "hartree")
    return found


def in_suite_units(
    images: Sequence[Atoms], labels: Labels, keys: Mapping[str, str], units: Units, where: str
) -> tuple[Labels, Finding | None]:
    """Labels in eV, eV/Å and eV/Å^3.

    Parameters
    ----------
    images
        The frames; their info keys may state units.
    labels
        Labels as they are in the file.
    keys
        Quantity to the key that its label had.
    units
        Units that a person states, which count more than those of the file.
    where
        Name of the file, for messages.

    Returns
    -------
    :
        The labels, and a note if they were converted.

    Raises
    ------
    DatasetError
        The frames state different units, an unknown one, or one for some labels only.
    """
    if not units.stated:
        stated = {tuple(sorted(_entries(atoms, keys).items())) for atoms in images}
        if stated <= {()}:
            return labels, None
        found = {stated_units(dict(entry), where) for entry in stated}
        if len(found) > 1:
            msg = f"{where}: its frames state different units; import the kinds one by one"
            raise DatasetError(msg)
        units = found.pop()
    needed: list[Quantity] = [] if labels.energy is None else ["energy"]
    needed += [] if labels.forces is None else ["forces"]
    if labels.stress is not None:
        needed.append("virial" if "vir" in keys.get("stress", "").lower() else "stress")
    factors = units.factors(needed, where)
    if factors.get("length", 1.0) != 1.0:
        msg = (
            f"{where} states lengths in {units.length}; expected Å. Convert its positions and cells"
        )
        raise DatasetError(msg)
    if all(factors.get(name, 1.0) == 1.0 for name in needed):
        return labels, None
    columns = {"stress" if name == "virial" else name: name for name in needed}
    converted = {
        column: getattr(labels, column) * factors.get(name, 1.0) for column, name in columns.items()
    }
    note = Finding(
        "units-converted",
        f"The labels were converted to eV and Å: {units.completed()}.",
        "note",
    )
    return replace(labels, **converted), note
