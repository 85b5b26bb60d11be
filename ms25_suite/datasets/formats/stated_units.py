"""Units that a file states beside its numbers, and labels in those of the suite."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Labels
from ms25_suite.datasets.formats.units import QUANTITY_WORDS, Quantity, Units

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["CP2K_HEADER", "in_suite_units", "is_unit_key", "stated_units"]


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
    return next((QUANTITY_WORDS[word] for word in others if word in QUANTITY_WORDS), None)


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
                known = QUANTITY_WORDS.get(str(name).lower())
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
