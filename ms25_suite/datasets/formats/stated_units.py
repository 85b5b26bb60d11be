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

__all__ = ["in_suite_units", "is_unit_key", "stated_units", "unit_names", "units_of_frames"]


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


def units_of_frames(images: Sequence[Atoms], where: str) -> Units:
    """Units that the info keys of frames state; empty if they state none.

    Raises
    ------
    DatasetError
        The frames state different units, or an unknown one.
    """
    stated = {tuple(sorted(_entries(atoms).items())) for atoms in images}
    if stated <= {()}:
        return Units()
    found = {stated_units(dict(entry), where) for entry in stated}
    if len(found) > 1:
        msg = f"{where}: its frames state different units; import the kinds one by one"
        raise DatasetError(msg)
    return found.pop()


def _entries(atoms: Atoms) -> dict[str, str]:
    return {str(key): str(value) for key, value in atoms.info.items() if is_unit_key(str(key))}


def unit_names(labels: Labels, keys: Mapping[str, str]) -> dict[str, Quantity]:
    """Column of labels to the quantity that its numbers are: a stress may be read from a virial.

    Parameters
    ----------
    labels
        The labels.
    keys
        Quantity to the key that its label had.
    """
    names: dict[str, Quantity] = {}
    if labels.energy is not None:
        names["energy"] = "energy"
    if labels.forces is not None:
        names["forces"] = "forces"
    if labels.stress is not None:
        names["stress"] = "virial" if "vir" in keys.get("stress", "").lower() else "stress"
    return names


def in_suite_units(
    labels: Labels, keys: Mapping[str, str], units: Units, where: str, because: str = ""
) -> tuple[Labels, Finding | None]:
    """Labels in eV, eV/Å and eV/Å^3.

    Parameters
    ----------
    labels
        Labels as they are in the file.
    keys
        Quantity to the key that its label had.
    units
        Their units; the labels are in those of the suite if none is stated.
    where
        Name of the file, for messages.
    because
        How the units are known, for the note.

    Returns
    -------
    :
        The labels, and a note if they were converted.

    Raises
    ------
    DatasetError
        Units are stated for some labels only.
    """
    columns = unit_names(labels, keys)
    factors = units.factors(columns.values(), where)
    if all(factors.get(name, 1.0) == 1.0 for name in columns.values()):
        return labels, None
    converted = {
        column: getattr(labels, column) * factors.get(name, 1.0) for column, name in columns.items()
    }
    how = f"{units.completed()}{f': {because}' if because else ''}"
    note = Finding(
        "units-converted",
        f"The labels were converted to eV and Å: {how}.",
        "note",
    )
    return replace(labels, **converted), note
