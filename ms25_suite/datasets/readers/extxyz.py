"""Headers of extended XYZ files: whether the layout agrees with them, and what ASE refuses.

ASE's reader ignores columns that a header does not name and everything behind a blank line, so
damaged files may be read without an error; and its errors do not name the line.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.datasets.columns.names import parse_name

__all__ = ["Layout", "parse_header", "scan_layout", "unnamed_columns"]

_PROPERTIES: Final = re.compile(r"""\bProperties\s*=\s*["'{]?([^\s"'}]+)""", re.IGNORECASE)
_ENTRY: Final = re.compile(r"""(?<!\w)(\w{1,80})["']?\s*=\s*("[^"]*"|'[^']*'|\{[^}]*\}|\S+)""")
"""Name and value in a header; of a name without an end only so much is looked at."""

_QUANTITIES: Final = ("energy", "virial", "stress", "lattice")
"""Parts of the names of entries whose values are numbers with a fraction."""

_NUMBERS: Final = re.compile(r"""[-+\d_.,\s\[\]{}eEdD"']+""")
"""A value that is numbers and not words."""

_WITHOUT_BRACKETS: Final = str.maketrans("", "", "[]")
_ODD_NUMBER: Final = re.compile(
    r"""(?<![^\s"',{[])[-+]?[\d.]*(?:\d_\d|[^\D0-9])[\d_.]*(?:[eE][-+]?[\d_]+)?(?![^\s"',}\]])"""
)
"""Numbers with underscores or with digits of other scripts, which Python's ``float`` takes: 1_0 is
ten to it, and more likely a damaged 1.0."""

_MOST_DIGITS: Final = 12
"""Digits of a number of atoms or columns; more are damage, and Python refuses to read thousands."""
_TENSOR: Final = re.compile(r"""(^|\s)["']?(stress|virial)["']?(?=\s*=)""")
_NO_VALUE: Final = re.compile(
    r"""("[^"]+"|'[^']+')|(?<!\S)[A-Za-z][\w-]*="""
    r"""(?:(?:""|''|\{\})(?!\S)|(?=\s+[A-Za-z][\w-]*=)|(?=\s*$))"""
)
_OTHER_NAME: Final = "as_it_is_"
"""Prefix under which ASE does not check the number of components."""

_NOTHING: Final = frozenset({"", "none", "null", "na", "n/a", "-", "--"})

_PLAIN_COLUMNS: Final = 4
"""Symbol and position, of which a file without ``Properties`` has at least these."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Frames of a file.

    Parameters
    ----------
    sizes
        Number of atoms of each sound frame, in order.
    problem
        What is wrong with the next frame; empty if nothing is.
    """

    sizes: tuple[int, ...]
    problem: str = ""


def scan_layout(lines: Iterable[str]) -> Layout:
    """Count atoms and columns of each frame, up to the first that disagrees with its header."""
    sizes: list[int] = []
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        text = line.strip()
        if not text:
            behind = next((n for n, rest in numbered if rest.strip()), None)
            return Layout(
                tuple(sizes),
                f"line {number} is blank, with more behind it (line {behind}): what follows a "
                f"blank line is ignored by readers. Remove it"
                if behind is not None
                else "",
            )
        if sizes and text.startswith("VEC"):  # cell vectors behind the atoms, as ASE reads them
            continue
        frame = len(sizes)
        if not (text.isdecimal() and len(text) <= _MOST_DIGITS):
            why = f" Has frame {frame - 1} more atoms than its first line states?" if sizes else ""
            return Layout(
                tuple(sizes),
                f"line {number} should be the number of atoms of frame {frame}, found "
                f"{_short(text)!r}.{why}",
            )
        n_atoms = int(text)
        comment = next(numbered, None)
        columns = None if comment is None else _columns(comment[1])
        problem = _header_problem(comment, frame) or _frame_problem(
            numbered, frame, n_atoms, columns
        )
        if problem:
            return Layout(tuple(sizes), problem)
        sizes.append(n_atoms)
    return Layout(tuple(sizes))


def _columns(comment: str) -> int | None:
    """Number of columns by the header; None if it has no valid ``Properties``."""
    match = _PROPERTIES.search(comment)
    # Triples name:type:columns, such as species:S:1:pos:R:3.
    counts = match[1].split(":")[2::3] if match else []
    if not counts or not all(n.isdecimal() for n in counts):
        return None
    return sum(int(n) if len(n) <= _MOST_DIGITS else 10**_MOST_DIGITS for n in counts)


def _header_problem(comment: tuple[int, str] | None, frame: int) -> str:
    if comment is None:
        return ""
    number, line = comment
    for entry in _ENTRY.finditer(line):
        name, value = entry[1], entry[2]
        if not any(word in name.lower() for word in _QUANTITIES) or not _NUMBERS.fullmatch(value):
            continue
        found = _ODD_NUMBER.search(value) if _may_be_odd(value) else None
        if found:
            return _odd(frame, f"`{name}` (line {number})", found[0])
        parts = value.strip("\"'{}").translate(_WITHOUT_BRACKETS).split(",")
        # A decimal comma would be taken for one between two numbers.
        if len(parts) > 1 and any(len(part.split()) != 1 for part in parts):
            return (
                f"frame {frame}, `{name}` (line {number}): expected numbers with decimal points, "
                f"found {_short(value)}"
            )
    return ""


def _may_be_odd(line: str) -> bool:
    """Whether a line may hold a number that Python reads and other programs do not."""
    return "_" in line or not line.isascii()


def _odd(frame: int, what: str, text: str) -> str:
    return (
        f"frame {frame}, {what}: expected numbers in plain digits, found {_short(text)!r}. Is the "
        "file damaged?"
    )


def _frame_problem(
    numbered: Iterator[tuple[int, str]], frame: int, n_atoms: int, columns: int | None
) -> str:
    shortest = longest = 0
    for atom in range(n_atoms):
        row = next(numbered, None)
        if row is None:
            return f"frame {frame} ends after {atom} of {n_atoms} atoms: the file is cut off"
        number, line = row
        found = len(line.split())
        if found < _PLAIN_COLUMNS if columns is None else found != columns:
            expected = f"{columns}, as in `Properties`" if columns else "a symbol and a position"
            return (
                f"frame {frame}, atom {atom} (line {number}) has {found} columns, expected "
                f"{expected}. Is the file cut off, or the number of atoms wrong?"
            )
        odd = _ODD_NUMBER.search(line) if _may_be_odd(line) else None
        if odd:
            return _odd(frame, f"atom {atom} (line {number})", odd[0])
        # Writers pad numbers, so that all rows of a frame have one length; the last line of a
        # file may lack its end.
        length = len(line)
        # A number that lost its last digits is still a valid number, so only the length shows the
        # damage.
        if not line.endswith("\n") and 0 < length + 1 < shortest == longest:
            return f"frame {frame}, atom {atom} (line {number}): the file is cut off in a number"
        shortest = min(shortest or length, length)
        longest = max(longest, length)
    return ""


def unnamed_columns(lines: Iterable[str]) -> int:
    """Number of columns of the first frame behind the position that its header does not name."""
    frame = list(itertools.islice(lines, 3))
    if len(frame) < 3 or not frame[0].strip().isdecimal() or _columns(frame[1]) is not None:
        return 0
    return max(0, len(frame[2].split()) - _PLAIN_COLUMNS)


def _without_empty_values(line: str) -> str:
    """A header without the keys that have no value: ASE would take the next entry for it.

    ``config_type= energy=-1.5`` has an energy. What stands in quotes is left as it is.
    """
    return _NO_VALUE.sub(lambda match: match[1] or "", line)


def parse_header(line: str) -> dict[str, Any]:
    """Keys and values of a header, also with a ``stress`` or ``virial`` of six numbers.

    ASE refuses these two unless they have nine numbers. Six are in Voigt order; any other count is
    left as it is, for the reader of labels to name. A label whose value is a word for nothing
    (``None``) is left out.
    """
    from ase.io.extxyz import key_val_str_to_dict

    line = _without_empty_values(line)
    _refuse_repeated(line)
    try:
        found = dict(key_val_str_to_dict(line))
    except ValueError as error:
        if not _TENSOR.search(line) or "special 3x3" not in str(error):
            raise
        found = dict(key_val_str_to_dict(_TENSOR.sub(rf"\1{_OTHER_NAME}\2", line)))
        for name in ("stress", "virial"):
            if _OTHER_NAME + name in found:
                value = found.pop(_OTHER_NAME + name)
                # ASE's order of the nine numbers.
                nine = np.shape(value) == (9,)
                found[name] = np.reshape(value, (3, 3), order="F") if nine else np.asarray(value)
    return {key: value for key, value in found.items() if not _is_nothing(key, value)}


def _refuse_repeated(line: str) -> None:
    """Refuse a key that stands twice: ASE would take the last value without a word."""
    keys = re.findall(r"(?:^|\s)([^\s=\"{\[]+)\s*=", re.sub(r'"[^"]*"', '""', line))
    repeated = [key for key, count in Counter(keys).items() if count > 1]
    if repeated:
        msg = f"the header holds `{'`, `'.join(repeated)}` twice: keep the right one"
        raise ValueError(msg)


def _is_nothing(key: str, value: Any) -> bool:
    """Whether the value of a label is a word for nothing, as Python and pandas write it."""
    text = np.asarray(value)
    if text.ndim or text.dtype.kind != "U" or parse_name(key) is None:
        return False
    return str(text).strip().lower() in _NOTHING


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
