"""The table ``[inputs]`` of a card: what potentials may read of a frame besides its structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ms25_suite.core.inputs import KNOWN_INPUTS, NAME
from ms25_suite.datasets.cards.fields import CARD_CONFIG, Text

__all__ = ["InputTable", "InputsTable", "input_keys", "input_unit", "refuse_unusable_inputs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTable:
    """One input with its unit: ``[inputs.NAME]``.

    Parameters
    ----------
    key
        Key in the files, in ``info`` (one value for the frame) or ``arrays`` (a row for each atom).
    unit
        Unit, for people: values reach potentials as they are.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    key: Text
    unit: Text = ""


InputsTable = dict[str, Text | InputTable]
"""Name to key in the files, or to a table with key and unit."""


def refuse_unusable_inputs(table: Mapping[str, str | InputTable]) -> None:
    """Check the names of inputs, and the units of those that have one.

    Raises
    ------
    ValueError
        A name is no identifier, or the unit is another one than potentials take.
    """
    for name, entry in table.items():
        if not NAME.fullmatch(name):
            msg = f"the name of an input must be letters, digits and underscores, found {name!r}"
            raise ValueError(msg)
        known = KNOWN_INPUTS.get(name)
        unit = entry.unit if isinstance(entry, InputTable) else ""
        if known is not None and unit and unit != known.unit:
            msg = (
                f"the input `{name}` must be in {known.unit or 'no unit'}, found {unit!r}: convert "
                "the values in the files"
            )
            raise ValueError(msg)


def input_keys(table: Mapping[str, str | InputTable]) -> dict[str, str]:
    """Name to key in the files."""
    return {
        name: entry.key if isinstance(entry, InputTable) else entry for name, entry in table.items()
    }


def input_unit(table: Mapping[str, str | InputTable], name: str) -> str:
    """Unit of an input, empty if it has none or none is stated."""
    entry = table.get(name)
    if isinstance(entry, InputTable) and entry.unit:
        return entry.unit
    known = KNOWN_INPUTS.get(name)
    return known.unit if known else ""
