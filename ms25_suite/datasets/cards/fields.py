"""Values of a dataset card, checked one by one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ms25_suite.core.errors import CardError, did_you_mean

__all__ = [
    "check_elements",
    "count_field",
    "finite_number",
    "function_field",
    "positive_number",
    "refuse_unknown",
    "table_field",
    "text_field",
    "text_list",
]


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse keys that a card does not have, with the closest one that it has.

    Raises
    ------
    CardError
        The value is something else.
    """
    known = list(known)
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            msg = f"{where}: unknown key `{key}`.{hint} Known keys: {', '.join(known)}"
            raise CardError(msg)


def text_field(value: Any, what: str) -> str:
    """A text that is not empty, without blanks around it.

    Raises
    ------
    CardError
        The value is something else.
    """
    if not isinstance(value, str) or not value.strip():
        msg = f"{what} must be a non-empty text, found {value!r}"
        raise CardError(msg)
    return value.strip()


def text_list(value: Any, what: str) -> tuple[str, ...]:
    """A list of such texts.

    Raises
    ------
    CardError
        The value is something else.
    """
    if not isinstance(value, list) or not value:
        msg = f"{what} must be a list of texts, found {value!r}"
        raise CardError(msg)
    return tuple(text_field(item, what) for item in value)


def positive_number(value: Any, what: str) -> float:
    """A positive number.

    Raises
    ------
    CardError
        The value is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        msg = f"{what} must be a positive number, found {value!r}"
        raise CardError(msg)
    return float(value)


def finite_number(value: Any, what: str) -> float:
    """A number of any sign.

    Raises
    ------
    CardError
        The value is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{what} must be a number, found {value!r}"
        raise CardError(msg)
    return float(value)


def function_field(value: Any, what: str) -> str:
    """A function by its name, ``module:function``.

    Raises
    ------
    CardError
        The value is something else.
    """
    text = text_field(value, what)
    if not re.fullmatch(r"[\w.]+:\w+", text):
        msg = f"{what} must be `module:function`, found {text!r}"
        raise CardError(msg)
    return text


def count_field(value: Any, what: str, least: int) -> int:
    """A whole number of at least ``least``.

    Raises
    ------
    CardError
        The value is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        msg = f"{what} must be a whole number of at least {least}, found {value!r}"
        raise CardError(msg)
    return value


def table_field(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """A table; empty if the key is not there.

    Raises
    ------
    CardError
        The value is something else.
    """
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        msg = f"{where}: [{key}] must be a table, found {value!r}"
        raise CardError(msg)
    return value


def check_elements(symbols: tuple[str, ...], where: str) -> None:
    """Refuse symbols of no element.

    Raises
    ------
    CardError
        The value is something else.
    """
    from ase.data import atomic_numbers

    unknown = [symbol for symbol in symbols if atomic_numbers.get(symbol, 0) == 0]
    if unknown:
        msg = f"{where}: `elements` must be chemical symbols, found {', '.join(unknown)}"
        raise CardError(msg)
