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
    "string_too_short": "a text that is not empty",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""What was expected, by pydantic's type of error."""

_MOST_PROBLEMS = 10
_MOST_LETTERS = 200
_BOUNDS = {
    "greater_than": ("gt", "a number greater than {:g}"),
    "greater_than_equal": ("ge", "a number of at least {:g}"),
    "less_than": ("lt", "a number less than {:g}"),
    "less_than_equal": ("le", "a number of at most {:g}"),
    "too_short": ("min_length", "a list of at least {:g}"),
}
"""What was expected where a value is out of bounds: key of the bound, and the text with it."""


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
        # By way of JSON: in its strict mode pydantic accepts a list for a tuple, and a text for
        # an enum or a path, from JSON only.
        return _adapter(kind).validate_json(json.dumps(data, default=_plain), strict=True)
    except ValidationError as found:
        problems = _problems(kind, found.errors(include_url=False))
        if len(problems) > _MOST_PROBLEMS:
            problems[_MOST_PROBLEMS:] = [f"and {len(problems) - _MOST_PROBLEMS} more problems"]
        raise error(f"{where}: {'; '.join(problems)}") from found


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


Place = tuple[int | str, ...]


def _problems(kind: type[Any], entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence for each thing that is wrong.

    Where a value may be of several types, pydantic lists an error for each of them. Kept are the
    errors of the type that the value has; if it has none of them, one sentence names them all.
    """
    found = [(_place(kind, entry["loc"]), entry) for entry in entries]
    expected: dict[Place, list[str]] = {}
    sentences: dict[Place, dict[str, None]] = {}
    for place, entry in found:
        # pydantic's codes for a value of the wrong type end so: "int_type", "string_type", …
        mismatch = entry["type"].endswith("_type")
        if mismatch and any(
            other[: len(place)] == place
            and (len(other) > len(place) or not one["type"].endswith("_type"))
            for other, one in found
        ):
            continue
        if mismatch:
            expected.setdefault(place, []).append(_expected(entry))
            *all_but_last, last = dict.fromkeys(expected[place])
            types = f"{', '.join(all_but_last)} or {last}" if all_but_last else last
            sentences[place] = {
                _at(place, f"expected {types}, found {_shortened(repr(entry['input']))}"): None
            }
        else:
            sentences.setdefault(place, {})[_sentence(kind, place, entry)] = None
    return [sentence for at_place in sentences.values() for sentence in at_place]


def _sentence(kind: type[Any], place: Place, entry: Mapping[str, Any]) -> str:
    code = entry["type"]
    if code in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known_keys(kind, place[:-1])
        hint = did_you_mean(str(place[-1]), known)
        return f"unknown key `{_path(place)}`.{hint} Known keys: {', '.join(known)}"
    if code in ("missing", "missing_argument"):
        return f"the key `{_path(place)}` is missing"
    if code == "value_error":
        return _at(place, str(entry["ctx"]["error"]))
    return _at(place, f"expected {_expected(entry)}, found {_shortened(repr(entry['input']))}")


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _expected(entry: Mapping[str, Any]) -> str:
    code = entry["type"]
    if code in _BOUNDS:
        key, text = _BOUNDS[code]
        return text.format(entry["ctx"][key])
    return _EXPECTED.get(code) or _lower(entry["msg"])


def _at(place: Place, text: str) -> str:
    return f"`{_path(place)}`: {text}" if place else text


def _place(kind: Any, location: Sequence[int | str]) -> Place:
    """Keys and indices of a location; pydantic also names the type of a union that it tried."""
    place: list[int | str] = []
    for part in location:
        types_ = _union(kind)
        if len(types_) > 1:
            label = str(part).removeprefix("constrained-")
            kind = next((one for one in types_ if label.startswith(_name(one))), None)
        else:
            place.append(part)
            kind = _inside(kind, part)
    return tuple(place)


def _name(kind: Any) -> str:
    return str(getattr(typing.get_origin(kind) or kind, "__name__", kind))


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
    owner = None if isinstance(part, int) else _dataclass_of(kind)
    if owner is not None:
        return typing.get_type_hints(owner).get(str(part))
    for one in _union(kind):
        known = [argument for argument in typing.get_args(one) if argument is not Ellipsis]
        if known:
            return known[-1]
    return None


def _dataclass_of(kind: Any) -> Any:
    return next((one for one in _union(kind) if isinstance(one, type) and is_dataclass(one)), None)


def _union(kind: Any) -> tuple[Any, ...]:
    """Types that a value may have, None left out."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return tuple(one for one in typing.get_args(kind) if one is not types.NoneType)
    return (kind,)
