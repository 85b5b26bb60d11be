"""Types of the values of a dataset card, and rules that a type cannot state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Annotated, Any, Final

from annotated_types import Ge, Gt, Lt, MinLen, Predicate

__all__ = [
    "CARD_CONFIG",
    "AtLeastOne",
    "Name",
    "PositiveNumber",
    "Text",
    "TextList",
    "WholeNumber",
    "refuse_other_than_function",
    "refuse_unknown_elements",
    "values_of",
]

CARD_CONFIG: Final[dict[str, Any]] = {
    "extra": "forbid",
    "str_strip_whitespace": True,
    "allow_inf_nan": False,
}
"""How pydantic reads each table of a card: unknown keys are errors, so that a misspelled key is not
silently ignored."""

_MOST_LETTERS: Final = 100
"""Letters of a name: it stands in tables, and is a part of names of files."""


def _is_name(text: str) -> bool:
    """Refuse names that are paths, or that people cannot see.

    Raises
    ------
    ValueError
        The text is no name; the message says what is.
    """
    usable = text.isprintable() and len(text) <= _MOST_LETTERS and text not in {".", ".."}
    if not usable or "/" in text or "\\" in text:
        cut = text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
        msg = (
            f"expected a name of at most {_MOST_LETTERS} printable characters without / and \\, "
            f"other than . and .., found {cut!r}"
        )
        raise ValueError(msg)
    return True


Text = Annotated[str, MinLen(1)]
Name = Annotated[str, MinLen(1), Predicate(_is_name)]
TextList = Annotated[tuple[Text, ...], MinLen(1)]
PositiveNumber = Annotated[float, Gt(0), Lt(1e6)]
WholeNumber = Annotated[int, Ge(0)]
AtLeastOne = Annotated[int, Ge(1)]


def values_of(table: Any) -> dict[str, Any]:
    """Fields of a dataclass by name, their values as they are (`dataclasses.asdict` copies)."""
    return {field.name: getattr(table, field.name) for field in fields(table)}


def refuse_other_than_function(text: str | None, key: str) -> None:
    """Check the name of a function, ``module:function``; None passes.

    Raises
    ------
    ValueError
        The text is something else.
    """
    if text is not None and not re.fullmatch(r"[\w.]+:\w+", text):
        msg = f"`{key}` must be `module:function`, found {text!r}"
        raise ValueError(msg)


def refuse_unknown_elements(symbols: Iterable[str], key: str = "elements") -> None:
    """Check chemical symbols under a key.

    Raises
    ------
    ValueError
        Some are symbols of no element.
    """
    from ase.data import atomic_numbers

    unknown = [symbol for symbol in symbols if atomic_numbers.get(symbol, 0) == 0]
    if unknown:
        msg = f"`{key}` must be chemical symbols, found {', '.join(unknown)}"
        raise ValueError(msg)
