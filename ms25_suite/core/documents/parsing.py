"""JSON and TOML of other people, read so that nothing in it does harm later.

The parsers of the standard library accept more than the rest of the suite can take: texts that no
file can hold, numbers that no quantity has, tables in tables that exhaust the stack, and a key
twice, of which the first is lost.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.documents.files import MOST_BYTES, read_bytes, read_text
from ms25_suite.core.errors import Ms25Error

__all__ = ["parse_json", "parse_toml", "read_json", "read_toml"]

_DEEPEST: Final = 100
"""Most tables and lists inside each other; those of the suite have less than ten."""

_LARGEST: Final = 2**63
"""Whole numbers beyond it fit into no column and into no other program."""

_TOO_MANY_DIGITS: Final = "expected whole numbers of at most 19 digits, found one of"

_MOST_TOML: Final = 1 << 22
"""Largest TOML document in bytes (4 MiB), since its parser reads about 1 MB/s."""

_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
"""Characters that no path and no UTF-8 file can hold: NUL and half a surrogate pair."""


class _RefusedError(ValueError):
    """Something that the grammar allows and the suite does not."""


def read_json(
    path: Path,
    what: str,
    error: type[Ms25Error],
    *,
    finite: bool = True,
    most_bytes: int = MOST_BYTES,
) -> Any:
    """Content of a JSON file.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for messages: ``the manifest``.
    error
        Class of the error to raise.
    finite
        Whether NaN and infinity are refused.
    most_bytes
        Largest size that is read.

    Raises
    ------
    Ms25Error
        Of the class ``error``: it cannot be read, is not JSON, or holds what the suite refuses.
    """
    text = read_bytes(path, what, error, most_bytes=most_bytes)
    return parse_json(text, f"{what} {path}", error, finite=finite)


def parse_json(
    text: str | bytes, where: str, error: type[Ms25Error], *, finite: bool = True
) -> Any:
    """Content of a JSON text.

    Parameters
    ----------
    text
        The text.
    where
        Where it comes from, for messages.
    error
        Class of the error to raise.
    finite
        Whether NaN and infinity are refused.

    Raises
    ------
    Ms25Error
        Of the class ``error``: it is not JSON, or holds what the suite refuses.
    """
    try:
        content = json.loads(text, object_pairs_hook=_table)
        _refuse_harmful(content, finite=finite)
    except (ValueError, RecursionError) as problem:
        raise error(_message("JSON", where, problem)) from problem
    return content


def read_toml(path: Path, what: str, error: type[Ms25Error]) -> dict[str, Any]:
    """Content of a TOML file; see `read_json`."""
    return parse_toml(read_text(path, what, error, most_bytes=_MOST_TOML), f"{what} {path}", error)


def parse_toml(text: str, where: str, error: type[Ms25Error]) -> dict[str, Any]:
    """Content of a TOML text; see `parse_json`. NaN and infinity are left to the reader."""
    try:
        content = tomllib.loads(text)
        _refuse_harmful(content, finite=False)
    # ValueError: also a whole number of too many digits.
    except (ValueError, RecursionError) as problem:
        raise error(_message("TOML", where, problem)) from problem
    return content


def _message(language: str, where: str, problem: Exception) -> str:
    if isinstance(problem, _RefusedError):
        return f"cannot read {where}: {problem}"
    if isinstance(problem, RecursionError):
        return f"cannot read {where}: {_too_deep()}"
    if "limit" in str(problem) and "digits" in str(problem):
        return f"cannot read {where}: {_TOO_MANY_DIGITS} thousands"
    return f"cannot read {where}: expected {language}, found something else ({str(problem)[:200]})"


def _too_deep() -> str:
    return f"expected at most {_DEEPEST} lists or tables inside each other, found more"


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        msg = f"expected each key once in a table, found {twice[:80]!r} twice"
        raise _RefusedError(msg)
    return table


def _refuse_harmful(content: Any, *, finite: bool) -> None:
    """Refuse what is too deep, too large, or impossible to write.

    Raises
    ------
    _RefusedError
        There is such a thing.
    """
    # A loop and not a recursion: the stack is what is to be protected.
    waiting: list[tuple[Any, int]] = [([content], 0)]
    while waiting:
        values, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _RefusedError(_too_deep())
        if type(values) is dict:
            for key in values:
                _refuse_unwritable(key)
            values = values.values()
        for value in values:
            kind = type(value)
            if kind is dict or kind is list:
                waiting.append((value, depth + 1))
            elif kind is str:
                _refuse_unwritable(value)
            elif kind is int:
                if not -_LARGEST <= value < _LARGEST:
                    msg = f"{_TOO_MANY_DIGITS} {_n_digits(value)}"
                    raise _RefusedError(msg)
            elif kind is float and finite and not math.isfinite(value):
                msg = f"expected finite numbers, found {value}"
                raise _RefusedError(msg)


def _n_digits(value: int) -> int:
    # str() of an integer of many digits is refused or slow.
    return int((value.bit_length() - 1) * math.log10(2.0)) + 1


def _refuse_unwritable(text: str) -> None:
    found = _UNWRITABLE.search(text)
    if found:
        msg = f"expected texts that a file can hold, found one with the character {found[0]!a}"
        raise _RefusedError(msg)
