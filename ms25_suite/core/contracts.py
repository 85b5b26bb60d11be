"""Dictionaries from files as typed objects, with messages that say where and what is wrong.

What the suite reads from JSON and TOML (cards, manifests, results, descriptions of runs) is
declared once, as a frozen dataclass of the standard library. Pydantic checks a file against it and
writes its JSON Schema; it is imported here, when a file is read, and nowhere else.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ms25_suite.core.errors import Ms25Error, did_you_mean

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["json_schema", "read_as"]

T = TypeVar("T")

_EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "path_type": "a path",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""What was expected, by pydantic's type of error."""

_MOST_PROBLEMS = 10
_MOST_LETTERS = 200


def read_as(kind: type[T], data: object, where: str, error: type[Ms25Error]) -> T:
    """Check plain data against a dataclass, and make one of it.

    No value is converted but for what JSON and TOML cannot say: a list becomes a tuple, a text an
    enum or a path, a whole number a float.

    Parameters
    ----------
    kind
        Dataclass that declares the data. Unknown keys are refused where its ``__pydantic_config__``
        has ``extra="forbid"``, and ignored otherwise.
    data
        What a file holds: numbers, texts, lists and tables.
    where
        Name of the file, or of a part of it, for messages.
    error
        Class of the error to raise.

    Raises
    ------
    Ms25Error
        Of the class ``error``: a key is missing or unknown, or a value is not what is expected.
        The message names all problems, or the first ten.
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(json.dumps(data, default=_plain), strict=True)
    except ValidationError as found:
        problems = [_problem(kind, entry) for entry in found.errors(include_url=False)]
        shown = list(dict.fromkeys(problems))
        if len(shown) > _MOST_PROBLEMS:
            shown[_MOST_PROBLEMS:] = [f"and {len(shown) - _MOST_PROBLEMS} more problems"]
        raise error(f"{where}: {'; '.join(shown)}") from found


def _plain(value: Any) -> Any:
    """Numbers of NumPy as those of Python; paths and dates as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `read_as` accepts for a dataclass."""
    schema = _adapter(kind).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _problem(kind: type[Any], entry: Mapping[str, Any]) -> str:
    """One sentence for one of pydantic's errors."""
    place: Sequence[int | str] = [
        part
        for part in entry["loc"]
        # Pydantic also names the branch of a union that it tried.
        if isinstance(part, int) or not part.startswith(("function-", "tuple[", "list[", "dict["))
    ]
    what, code = _path(place), entry["type"]
    if code in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known_keys(kind, place[:-1])
        hint = did_you_mean(str(place[-1]), known)
        return f"unknown key `{what}`.{hint} Known keys: {', '.join(known)}"
    if code in ("missing", "missing_argument"):
        return f"the key `{what}` is missing"
    if code == "value_error":
        return f"`{what}`: {entry['ctx']['error']}" if what else str(entry["ctx"]["error"])
    expected = _EXPECTED.get(code) or _lower(entry["msg"])
    at = f"`{what}`: " if what else ""
    return f"{at}expected {expected}, found {_shortened(repr(entry['input']))}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _lower(message: str) -> str:
    for start in ("Input should be ", "Value should have "):
        message = message.removeprefix(start)
    return message


def _path(place: Sequence[int | str]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(kind: Any, place: Sequence[int | str]) -> list[str]:
    """Fields of the dataclass at a place; empty if there is none."""
    for part in place:
        kind = _inside(kind, part)
    owner = _dataclass_of(kind)
    return [] if owner is None else [field.name for field in fields(owner)]


def _inside(kind: Any, part: int | str) -> Any:
    """Type of what a dataclass, a list or a table holds under a name or an index."""
    owner = _dataclass_of(kind)
    if owner is not None:
        return typing.get_type_hints(owner).get(str(part))
    arguments = typing.get_args(_unless_none(kind))
    known = [argument for argument in arguments if argument is not Ellipsis]
    return known[-1] if known else None


def _dataclass_of(kind: Any) -> Any:
    found = _unless_none(kind)
    return found if isinstance(found, type) and is_dataclass(found) else None


def _unless_none(kind: Any) -> Any:
    """``X`` of the optional type ``X | None``."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return next((one for one in typing.get_args(kind) if one is not types.NoneType), None)
    return kind
